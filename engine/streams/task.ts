/** One sub-topology for one partition: its steps, its stores, its stream time. Synchronous; whoever runs it does the I/O. */
import { assert } from '../base/assert.ts'
import { MillraceError } from '../base/errors.ts'
import type { Header } from '../client/api.ts'
import type { Clock, KeyValueDatabase } from '../environment/index.ts'
import type { ErrorDecision, Headers, ProcessingError, StreamRecord } from './api.ts'
import { type StepCounters, Stopwatch } from './counters.ts'
import type { SinkSpec, SourceSpec, StepNode } from './graph.ts'
import { topicName } from './graph.ts'
import { Punctuations } from './punctuations.ts'
import { fromWireHeaders, makeRecord, noHeaders } from './record.ts'
import { StepFailure, StepRunner, type TaskHooks } from './step-runner.ts'
import type { StateStore } from './stores/store.ts'
import { serializeNullable } from './stores/store.ts'
import type { SubTopology } from './topology.ts'

/** A record as it lies in a topic. */
export interface InboundRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
}

/** Takes what sinks send. */
export interface Collector {
  send(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    record: StreamRecord,
    sink: SinkSpec,
    step: StepNode,
  ): void
}

export interface TaskState {
  readonly database: KeyValueDatabase
  release(): Promise<void>
}

interface TaskOptions {
  readonly applicationId: string
  readonly subTopology: SubTopology
  readonly partition: number
  readonly clock: Clock
  readonly collector: Collector
  /** Stores of global tables, which all tasks look into. */
  readonly globals?: ReadonlyMap<string, StateStore>
  /** For stores on disk, which belong to this task alone. */
  readonly state?: TaskState
  /** By the step's name. */
  countersOf(step: string): StepCounters
  onError(error: ProcessingError): ErrorDecision
}

export class Task implements TaskHooks {
  readonly id: string
  readonly partition: number
  readonly stopwatch: Stopwatch
  readonly punctuations: Punctuations
  readonly stores: ReadonlyMap<string, StateStore>
  /** Largest timestamp of any record taken. */
  streamTimeMs = -1
  headers: Headers = noHeaders
  readonly #options: TaskOptions
  readonly #runners: readonly StepRunner[]
  /** By topic name; several sources may read one topic. */
  readonly #sources = new Map<string, StepRunner[]>()
  readonly #sinkTopics = new Map<SinkSpec, string>()
  #inWork: InboundRecord | undefined
  #started = false
  #closed = false

  constructor(options: TaskOptions) {
    const { subTopology, partition, clock, applicationId } = options
    this.#options = options
    this.id = `${subTopology.index}_${partition}`
    this.partition = partition
    this.stopwatch = new Stopwatch(clock)
    this.punctuations = new Punctuations(() => clock.nowMs())
    this.stores = new Map(subTopology.stores.map((spec) => [spec.name, spec.create(options.state?.database)]))
    const runners = new Map(
      subTopology.nodes.map((node) => [node, new StepRunner(node, options.countersOf(node.name), this)]),
    )
    for (const [node, runner] of runners) {
      runner.connect((edge) => runners.get(edge.node)!)
      if (node.source === undefined) continue
      const topic = topicName(node.source.topic, applicationId)
      const readers = this.#sources.get(topic)
      if (readers === undefined) this.#sources.set(topic, [runner])
      else readers.push(runner)
    }
    this.#runners = [...runners.values()]
  }

  get wallClockMs(): number {
    return this.#options.clock.nowMs()
  }

  get topics(): Iterable<string> {
    return this.#sources.keys()
  }

  /** Stores are restored by now: makes the steps' logic, users' processors included. */
  start(): void {
    for (const runner of this.#runners) {
      try {
        runner.start()
      } catch (error) {
        throw this.failure('processing', runner.node.reportAs, error)
      }
    }
    this.#started = true
  }

  /**
   * Decodes a record that became the head of its partition. Undefined: it was dropped, because it cannot be decoded and the
   * handler goes on, or because its timestamp is negative.
   */
  decode(inbound: InboundRecord): StreamRecord | undefined {
    return this.#decodeFor(this.#readers(inbound.topic)[0]!, inbound)
  }

  /** @throws StepFailure when a step fails and the handler says so */
  process(inbound: InboundRecord, decoded: StreamRecord): void {
    assert(this.#started, 'a task is started before it processes')
    this.#inWork = inbound
    this.headers = decoded.headers
    if (decoded.timestampMs > this.streamTimeMs) this.streamTimeMs = decoded.timestampMs
    this.stopwatch.nextRecord()
    const readers = this.#readers(inbound.topic)
    for (let i = 0; i < readers.length; i++) {
      const record = i === 0 ? decoded : this.#decodeFor(readers[i]!, inbound)
      if (record !== undefined) readers[i]!.receive(record, 0)
    }
    if (this.punctuations.any) this.punctuations.fire('stream-time', this.streamTimeMs)
    this.#inWork = undefined
  }

  punctuateWallClock(): void {
    if (this.punctuations.any) this.punctuations.fire('wall-clock', this.wallClockMs)
  }

  async beforeCommit(): Promise<void> {
    for (const runner of this.#runners) {
      if (runner.logic.beforeCommit === undefined) continue
      try {
        await runner.logic.beforeCommit()
      } catch (error) {
        const step = runner.node.reportAs
        if (this.decide('production', step, error) === 'fail') throw this.failure('production', step, error)
        runner.counters.failed += runner.logic.discard?.() ?? 0
      }
    }
  }

  /** Of stores on disk: what was drained or restored is written. */
  async flushStores(): Promise<void> {
    for (const store of this.stores.values()) await store.flush?.()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      if (this.#started) for (const runner of this.#runners) await runner.logic.close?.()
    } finally {
      await this.#options.state?.release()
    }
  }

  store(name: string): StateStore {
    const store = this.stores.get(name) ?? this.#options.globals?.get(name)
    assert(store !== undefined, `task ${this.id} has the store ${name}`)
    return store
  }

  send(sink: SinkSpec, record: StreamRecord, step: StepNode): void {
    const topic = this.#topicOf(sink)
    const key = serializeNullable(sink.key, record.key)
    const value = serializeNullable(sink.value, record.value)
    this.#options.collector.send(topic, key, value, record, sink, step)
  }

  #topicOf(sink: SinkSpec): string {
    const known = this.#sinkTopics.get(sink)
    if (known !== undefined) return known
    const topic = topicName(sink.topic, this.#options.applicationId)
    this.#sinkTopics.set(sink, topic)
    return topic
  }

  decide(stage: ProcessingError['stage'], step: string, error: unknown): ErrorDecision {
    return this.#options.onError(this.#place(stage, step, error))
  }

  failure(stage: ProcessingError['stage'], step: string, error: unknown): StepFailure {
    return new StepFailure(this.#place(stage, step, error))
  }

  #place(stage: ProcessingError['stage'], step: string, error: unknown): ProcessingError {
    const at = this.#inWork
    return at === undefined
      ? { stage, step, error }
      : { stage, step, error, topic: at.topic, partition: at.partition, offset: at.offset }
  }

  #readers(topic: string): StepRunner[] {
    const readers = this.#sources.get(topic)
    assert(readers !== undefined, `task ${this.id} reads ${topic}`)
    return readers
  }

  #decodeFor(runner: StepRunner, inbound: InboundRecord): StreamRecord | undefined {
    const source = runner.node.source!
    let record: StreamRecord
    try {
      const key = inbound.key === null ? null : source.key.deserialize(inbound.key)
      const value = inbound.value === null ? null : source.value.deserialize(inbound.value)
      const timestampMs = this.#timestampOf(source, key, value, inbound.timestampMs)
      record = makeRecord(key, value, timestampMs, fromWireHeaders(inbound.headers))
    } catch (error) {
      runner.counters.failed++
      const before = this.#inWork
      this.#inWork = inbound
      const step = runner.node.reportAs
      if (this.decide('deserialization', step, error) === 'fail') {
        throw this.failure('deserialization', step, error)
      }
      this.#inWork = before
      return undefined
    }
    if (record.timestampMs >= 0) return record
    runner.counters.dropped++
    return undefined
  }

  #timestampOf(source: SourceSpec, key: unknown, value: unknown, recordTimestampMs: number): number {
    if (source.timestamp === 'wall-clock') return this.wallClockMs
    if (source.timestamp === 'record') {
      if (recordTimestampMs >= 0) return recordTimestampMs
      throw new MillraceError({
        code: 'BAD_TIMESTAMP',
        what: `the record's timestamp is ${recordTimestampMs}`,
        remedy: 'take event time from a field or from the wall clock at this source',
      })
    }
    const timestampMs = source.timestamp(key, value, recordTimestampMs)
    if (Number.isFinite(timestampMs)) return Math.trunc(timestampMs)
    throw new MillraceError({
      code: 'BAD_TIMESTAMP',
      what: `the source's timestamp function gave ${String(timestampMs)}`,
      remedy: 'give milliseconds since 1970 as a number; a negative one drops the record',
    })
  }
}
