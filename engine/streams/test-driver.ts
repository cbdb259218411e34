/**
 * A topology without a cluster: one partition per topic, synchronous, in virtual time. Each record is processed to the end,
 * repartitions included, and committed, before the next one.
 */
import { MillraceError } from '../base/errors.ts'
import type { Headers, StreamRecord, Topology } from './api.ts'
import { StepCounters } from './counters.ts'
import { GlobalTables } from './global-tables.ts'
import { topicName } from './graph.ts'
import { noHeaders, toWireHeaders } from './record.ts'
import { StepFailure } from './step-runner.ts'
import type { StoreRow } from './stores/store.ts'
import { type Collector, type InboundRecord, Task } from './task.ts'
import { type BuiltTopology, builtTopology } from './topology.ts'

export interface TestRecord {
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
  readonly headers?: Headers
}

/** What reached a sink's topic, decoded with the sink's formats. */
export interface TestOutput {
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
  readonly headers: Headers
}

export interface TestDriverOptions {
  readonly applicationId?: string
  /** Where the wall clock starts; default 0. */
  readonly wallClockMs?: number
  /** Default: the error is thrown out of `pipe`. */
  readonly onError?: ConstructorParameters<typeof Task>[0]['onError']
}

export class TestDriver {
  readonly #topology: BuiltTopology
  readonly #applicationId: string
  readonly #options: TestDriverOptions
  #tasks: readonly Task[]
  /** Of every store, the latest change of each row, by the key's bytes in hexadecimal, in order of arrival. */
  readonly #changelogs = new Map<string, Map<string, LoggedChange>>()
  #globals: GlobalTables
  /** What made rows of global tables: their topics are their changelogs. */
  readonly #globalRecords: InboundRecord[] = []
  readonly #taskByTopic = new Map<string, Task>()
  readonly #counters = new Map<string, StepCounters>()
  /** What waits to be taken, by topic, in order of arrival. */
  readonly #waiting = new Map<string, InboundRecord[]>()
  #offset = 0
  #outputs: TestOutput[] = []
  #wallClockMs: number

  constructor(topology: Topology, options: TestDriverOptions = {}) {
    this.#topology = builtTopology(topology)
    this.#applicationId = options.applicationId ?? 'test'
    this.#wallClockMs = options.wallClockMs ?? 0
    this.#options = options
    this.#globals = this.#makeGlobals()
    this.#tasks = this.#makeTasks()
    for (const task of this.#tasks) task.start()
  }

  /** Writes one record to a source topic and processes it to the end. @throws MillraceError PROCESSING_FAILED */
  pipe(topic: string, record: TestRecord): TestOutput[] {
    const { key, value } = this.#serdesOf(topic)
    this.#enqueue(
      topic,
      record.key === null ? null : key.serialize(record.key),
      record.value === null ? null : value.serialize(record.value),
      { ...record, headers: record.headers ?? noHeaders },
    )
    this.#drain()
    return this.#taken()
  }

  /** The wall clock jumps forward once. */
  advanceWallClock(byMs: number): TestOutput[] {
    this.#wallClockMs += byMs
    this.#guarded(() => {
      for (const task of this.#tasks) {
        task.punctuateWallClock()
        this.#commit(task)
      }
    })
    this.#drain()
    return this.#taken()
  }

  /** The store's visible rows, in order of key, then window. @throws MillraceError UNKNOWN_STORE */
  store(name: string): StoreRow[] {
    for (const task of this.#tasks) {
      const store = task.stores.get(name)
      if (store !== undefined) return [...store.rows()]
    }
    const global = this.#globals.stores.get(name)
    if (global !== undefined) return [...global.rows()]
    throw new MillraceError({
      code: 'UNKNOWN_STORE',
      what: `the topology has no store "${name}"`,
      remedy: `it has ${this.#tasks.flatMap((task) => [...task.stores.keys()]).join(', ') || 'none'}`,
    })
  }

  /**
   * As if the program had been stopped and started again: processors are made anew, stores are restored from their changelogs.
   * What processors keep in variables is lost, and so are their punctuations' positions.
   */
  async restart(): Promise<void> {
    await this.close()
    const streamTimes = this.#tasks.map((task) => task.streamTimeMs)
    this.#globals = this.#makeGlobals()
    for (const inbound of this.#globalRecords) this.#globals.update(inbound)
    this.#tasks = this.#makeTasks()
    this.#tasks.forEach((task, i) => {
      task.streamTimeMs = streamTimes[i]!
      for (const [name, store] of task.stores) {
        for (const change of this.#changelogs.get(name)?.values() ?? []) {
          store.restore(change.key, change.value, change.timestampMs)
        }
      }
      task.start()
    })
  }

  counters(step: string): StepCounters {
    return this.#countersOf(step)
  }

  get droppedCount(): number {
    let total = 0
    for (const counters of this.#counters.values()) total += counters.dropped
    return total
  }

  /** Hands gathered records to external sinks, and closes processors. */
  async close(): Promise<void> {
    for (const task of this.#tasks) {
      await task.beforeCommit()
      await task.close()
    }
  }

  #makeGlobals(): GlobalTables {
    return new GlobalTables(this.#topology.globals, {
      countersOf: (step) => this.#countersOf(step),
      onError: this.#options.onError ?? (() => 'fail'),
    })
  }

  #makeTasks(): Task[] {
    const clock = { nowMs: () => this.#wallClockMs, monotonicMs: () => this.#wallClockMs }
    const tasks = this.#topology.subTopologies.map(
      (subTopology) =>
        new Task({
          applicationId: this.#applicationId,
          subTopology,
          partition: 0,
          clock,
          countersOf: (step) => this.#countersOf(step),
          globals: this.#globals.stores,
          onError: this.#options.onError ?? (() => 'fail'),
          collector: { send: (...sent) => this.#sent(...sent) },
        }),
    )
    for (const task of tasks) {
      for (const topic of task.topics) this.#taskByTopic.set(topic, task)
    }
    return tasks
  }

  #sent(...[topic, key, value, record, sink]: Parameters<Collector['send']>): void {
    if (!sink.topic.internal) {
      this.#outputs.push({
        topic,
        key: key === null ? null : sink.key.deserialize(key),
        value: value === null ? null : sink.value.deserialize(value),
        timestampMs: record.timestampMs,
        headers: record.headers,
      })
    }
    if (this.#taskByTopic.has(topic) || this.#globals.has(topic)) this.#enqueue(topic, key, value, record)
  }

  /** What a commit does: changed rows go to the changelogs. */
  #commit(task: Task): void {
    for (const [name, store] of task.stores) {
      const changelog = this.#changelogs.get(name) ?? new Map<string, LoggedChange>()
      this.#changelogs.set(name, changelog)
      store.drainChanges((key, value, timestampMs) => {
        const id = Buffer.from(key).toString('hex')
        changelog.delete(id)
        changelog.set(id, { key, value, timestampMs })
      })
    }
  }

  #countersOf(step: string): StepCounters {
    const known = this.#counters.get(step)
    if (known !== undefined) return known
    const added = new StepCounters()
    this.#counters.set(step, added)
    return added
  }

  #enqueue(topic: string, key: Uint8Array | null, value: Uint8Array | null, record: StreamRecord): void {
    const inbound = {
      topic,
      partition: 0,
      offset: this.#offset++,
      timestampMs: record.timestampMs,
      key,
      value,
      headers: toWireHeaders(record.headers),
    }
    const queue = this.#waiting.get(topic)
    if (queue === undefined) this.#waiting.set(topic, [inbound])
    else queue.push(inbound)
  }

  /** Takes the smallest head timestamp of all topics until nothing waits. */
  #drain(): void {
    for (;;) {
      let lowest: InboundRecord | undefined
      for (const [head] of this.#waiting.values()) {
        if (head !== undefined && (lowest === undefined || head.timestampMs < lowest.timestampMs))
          lowest = head
      }
      if (lowest === undefined) return
      const inbound = lowest
      this.#waiting.get(inbound.topic)!.shift()
      if (this.#globals.has(inbound.topic)) {
        if (inbound.key !== null) this.#globalRecords.push(inbound)
        this.#guarded(() => this.#globals.update(inbound))
        continue
      }
      const task = this.#taskByTopic.get(inbound.topic)!
      this.#guarded(() => {
        const decoded = task.decode(inbound)
        if (decoded !== undefined) task.process(inbound, decoded)
        this.#commit(task)
      })
    }
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error
      const { step, topic, offset } = error.where
      throw new MillraceError({
        code: 'PROCESSING_FAILED',
        what: error.message,
        where: topic === undefined ? step : `${step}, at ${topic} record ${offset}`,
        details: { step },
        cause: error.where.error,
      })
    }
  }

  #taken(): TestOutput[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }

  #serdesOf(topic: string) {
    for (const { sources } of this.#topology.subTopologies) {
      for (const { source } of sources) {
        if (source !== undefined && topicName(source.topic, this.#applicationId) === topic) return source
      }
    }
    const global = this.#topology.globals.find(({ source }) => source.topic.name === topic)
    if (global !== undefined) return global.source
    throw new MillraceError({
      code: 'UNKNOWN_TOPIC',
      what: `the topology reads no topic "${topic}"`,
      remedy: `it reads ${[...this.#taskByTopic.keys()].join(', ')}`,
    })
  }
}

interface LoggedChange {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
  readonly timestampMs: number
}
