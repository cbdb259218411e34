/**
 * Global tables (KIP-99): every instance has all rows of the topic, from all its partitions, so that a stream finds any of them
 * without being partitioned alike. The topic itself is the changelog.
 */
import { assert } from '../base/assert.ts'
import type { ErrorDecision, ProcessingError } from './api.ts'
import type { StepCounters } from './counters.ts'
import type { GlobalTableSpec } from './graph.ts'
import { StepFailure } from './step-runner.ts'
import { MemoryRowStore } from './stores/row-store.ts'
import type { InboundRecord } from './task.ts'

interface Options {
  countersOf(step: string): StepCounters
  onError(error: ProcessingError): ErrorDecision
}

/** The rows of all global tables of a topology. */
export class GlobalTables {
  /** By their names. */
  readonly stores: ReadonlyMap<string, MemoryRowStore>
  readonly #byTopic: ReadonlyMap<string, GlobalTableSpec>
  readonly #options: Options

  constructor(specs: readonly GlobalTableSpec[], options: Options) {
    this.stores = new Map(
      specs.map(({ storeName, source }) => [storeName, new MemoryRowStore(storeName, source)]),
    )
    this.#byTopic = new Map(specs.map((spec) => [spec.source.topic.name, spec]))
    this.#options = options
  }

  get topics(): string[] {
    return [...this.#byTopic.keys()]
  }

  has(topic: string): boolean {
    return this.#byTopic.has(topic)
  }

  /** Null keys are dropped, null values delete. @throws StepFailure for bytes of another format, when the handler says so */
  update(inbound: InboundRecord): void {
    const spec = this.#byTopic.get(inbound.topic)
    assert(spec !== undefined, `${inbound.topic} is the topic of a global table`)
    const counters = this.#options.countersOf(spec.name)
    counters.in++
    if (inbound.key === null) {
      counters.dropped++
      return
    }
    try {
      this.stores.get(spec.storeName)!.restore(inbound.key, inbound.value, inbound.timestampMs)
    } catch (error) {
      counters.failed++
      const { topic, partition, offset } = inbound
      const where = { stage: 'deserialization', step: spec.name, topic, partition, offset, error } as const
      if (this.#options.onError(where) === 'fail') throw new StepFailure(where)
    }
  }
}
