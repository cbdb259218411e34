/**
 * What a thread writes with. At least once: one producer for each way of writing that is in use. Exactly once: one transactional
 * producer for all, as a transaction is one producer's; then acks are all, and compression is the first that a sink asks for.
 */
import { assert } from '../../base/assert.ts'
import { MillraceError } from '../../base/errors.ts'
import type {
  Consumer,
  OffsetAndMetadata,
  Partitioner,
  Producer,
  ProducerRecord,
  TopicPartition,
  TransactionalProducer,
} from '../../client/api.ts'
import { createProducer, createTransactionalProducer } from '../../client/index.ts'
import { isRetriable } from '../../client/kafka-error.ts'
import type { CompressionName, Environment } from '../../environment/index.ts'
import type { ErrorDecision, ProcessingError, StreamRecord } from '../api.ts'
import { type SinkSpec, type StepNode, topicName } from '../graph.ts'
import { toWireHeaders } from '../record.ts'
import type { Collector } from '../task.ts'

interface Way {
  readonly partitioner: Partitioner
  readonly acks: 0 | 1 | 'all'
  readonly compression: CompressionName
}

const internalWay: Way = { partitioner: 'default', acks: 'all', compression: 'none' }

interface Options {
  readonly applicationId: string
  readonly bootstrap: readonly string[]
  readonly clientId: string
  /** With all sinks of the topology: writes in transactions. */
  readonly exactlyOnce: { readonly sinks: readonly SinkSpec[] } | undefined
  onError(error: ProcessingError): ErrorDecision
  onFailed(step: string): void
}

/** What a partitioner function of a sink looks at travels with the record that is sent. */
interface RoutedRecord extends ProducerRecord {
  readonly routed: StreamRecord
}

/** A record could not be written, and the run cannot go on as if it had been. */
interface WriteFailure {
  readonly where: ProcessingError
  /** Starting again from the last commit may help. */
  readonly retriable: boolean
}

const deliveryTimeoutMs = 300_000
const lingerMs = 5
/** As Kafka Streams has it: whoever takes over from one that is gone waits no longer than this. */
const transactionTimeoutMs = 10_000

export class Producers implements Collector {
  failure: WriteFailure | undefined
  readonly #environment: Environment
  readonly #options: Options
  readonly #byWay = new Map<string, Producer>()
  /** Which of them a sink writes with: asked for every record. */
  readonly #bySink = new Map<SinkSpec, Producer>()
  /** What changelogs are written with. */
  #internal: Producer | undefined
  readonly #transactional: TransactionalProducer | undefined
  #isReady = false
  #isInTransaction = false

  constructor(environment: Environment, options: Options) {
    this.#environment = environment
    this.#options = options
    if (options.exactlyOnce) this.#transactional = this.#newTransactional(options.exactlyOnce.sinks)
  }

  /** Once, before anything is restored or written: a transaction that was left open is ended by it. */
  async start(): Promise<void> {
    if (this.#isReady) return
    await this.#transactional?.initTransactions()
    this.#isReady = true
  }

  get full(): boolean {
    for (const producer of this.#all()) if (producer.full) return true
    return false
  }

  async ready(): Promise<void> {
    for (const producer of this.#all()) if (producer.full) await producer.ready()
  }

  send(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    record: StreamRecord,
    sink: SinkSpec,
    step: StepNode,
  ): void {
    const headers = toWireHeaders(record.headers)
    const { timestampMs } = record
    const producer = this.#transactional ?? this.#bySink.get(sink) ?? this.#producerFor(sink)
    const sent = { topic, key, value, timestampMs, headers }
    const isRouted = typeof sink.partitioner === 'function'
    this.#post(producer, isRouted ? { ...sent, routed: record } : sent, step.reportAs)
  }

  sendChange(
    topic: string,
    partition: number,
    key: Uint8Array,
    value: Uint8Array | null,
    timestampMs: number,
  ): void {
    // Operators' own times stand under −1 until there was a record; the log takes no negative timestamp.
    this.#post(
      this.#transactional ?? this.#changes(),
      { topic, partition, key, value, timestampMs: Math.max(0, timestampMs) },
      topic,
    )
  }

  /** Resolves when everything sent has been acknowledged, or has failed: then `failure` says so. */
  async flush(): Promise<void> {
    for (const producer of this.#all()) {
      try {
        await producer.flush()
      } catch (error) {
        // Every failed record has told its own handler, which either goes on or has set the failure.
        if (!(error instanceof MillraceError)) throw error
      }
    }
  }

  /** After `flush`: with them, what was sent counts. Errors are the client's. */
  async commitOffsets(
    offsets: ReadonlyArray<TopicPartition & OffsetAndMetadata>,
    consumer: Consumer,
  ): Promise<void> {
    const producer = this.#transactional
    if (producer === undefined) return consumer.commit(offsets)
    if (!this.#isInTransaction) this.#begin(producer)
    await producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata())
    await producer.commitTransaction()
    this.#isInTransaction = false
  }

  get writesTransactions(): boolean {
    return this.#transactional !== undefined
  }

  /** An open transaction is aborted where there is time for it; if not, whoever comes next ends it. */
  async close(timeoutMs: number): Promise<void> {
    for (const producer of this.#all()) await producer.close(timeoutMs)
    this.#byWay.clear()
    this.#bySink.clear()
    this.#internal = undefined
  }

  #all(): Iterable<Producer> {
    return this.#transactional ? [this.#transactional] : this.#byWay.values()
  }

  #begin(producer: TransactionalProducer): void {
    producer.beginTransaction()
    this.#isInTransaction = true
  }

  #post(producer: Producer, record: ProducerRecord | RoutedRecord, step: string): void {
    if (this.#transactional && !this.#isInTransaction) this.#begin(this.#transactional)
    producer.post(record, (error) => this.#failed(error, record.topic, step))
  }

  #failed(error: MillraceError, topic: string, step: string): void {
    const where: ProcessingError = { stage: 'production', step, topic, error }
    if (error.code === 'DELIVERY_TIMED_OUT' || isRetriable(error) || isOfProducer(error)) {
      this.failure ??= { where, retriable: true }
      return
    }
    this.#options.onFailed(step)
    // A record that is left out leaves a transaction that cannot be committed: it is done again.
    const decision = this.#options.onError(where)
    if (decision === 'fail') this.failure ??= { where, retriable: false }
    else if (this.#transactional) this.failure ??= { where, retriable: true }
  }

  #changes(): Producer {
    this.#internal ??= this.#producer(internalWay)
    return this.#internal
  }

  #producerFor(sink: SinkSpec): Producer {
    const { partitioner, acks = 'all', compression = 'none' } = sink
    const producer =
      typeof partitioner === 'function'
        ? this.#newProducer(`routed-${this.#byWay.size}`, {
            partitioner: routing(partitioner),
            acks,
            compression,
          })
        : this.#producer({ partitioner, acks, compression })
    this.#bySink.set(sink, producer)
    return producer
  }

  #producer(way: Way): Producer {
    const { partitioner, acks, compression } = way
    const name = `${partitioner}-${acks}-${compression}`
    const known = this.#byWay.get(name)
    return known ?? this.#newProducer(name, way)
  }

  #newProducer(name: string, { partitioner, acks, compression }: Way): Producer {
    const { bootstrap, clientId } = this.#options
    const producer = createProducer(this.#environment, {
      bootstrap,
      clientId: `${clientId}-${name}`,
      acks,
      idempotence: acks === 'all',
      compression,
      lingerMs,
      deliveryTimeoutMs,
      partitioner,
    })
    this.#byWay.set(name, producer)
    return producer
  }

  #newTransactional(sinks: readonly SinkSpec[]): TransactionalProducer {
    const { applicationId, bootstrap, clientId } = this.#options
    const { random } = this.#environment
    return createTransactionalProducer(this.#environment, {
      bootstrap,
      clientId,
      // Of this producer alone: that tasks have moved on the group's generation tells (KIP-447).
      transactionalId: `${applicationId}-${random.uuid()}`,
      transactionTimeoutMs,
      compression: sinks.find(({ compression = 'none' }) => compression !== 'none')?.compression,
      lingerMs,
      deliveryTimeoutMs,
      partitioners: partitionersOf(sinks, applicationId),
    })
  }
}

/** @throws MillraceError PARTITIONERS_DIFFER for sinks of one topic that do not agree */
function partitionersOf(sinks: readonly SinkSpec[], applicationId: string): ReadonlyMap<string, Partitioner> {
  const chosen = new Map<string, SinkSpec['partitioner']>()
  for (const { topic, partitioner } of sinks) {
    const name = topicName(topic, applicationId)
    const known = chosen.get(name)
    if (known !== undefined && known !== partitioner) throw partitionersDiffer(name)
    chosen.set(name, partitioner)
  }
  return new Map(
    [...chosen].map(([name, partitioner]) => {
      return [name, typeof partitioner === 'function' ? routing(partitioner) : partitioner]
    }),
  )
}

function partitionersDiffer(topic: string): MillraceError {
  return new MillraceError({
    code: 'PARTITIONERS_DIFFER',
    what: 'two sinks write to the topic with different partitioners, which one transactional producer cannot',
    where: `topic ${topic}`,
    remedy: 'give both the same partitioner, or process at least once',
  })
}

/** The producer knows how many partitions the topic has when the record is sent. */
function routing(choose: (record: StreamRecord, partitions: number) => number): Partitioner {
  return (record, partitions) => {
    assert('routed' in record, 'a record of a sink with its own partitioner travels with what it looks at')
    return choose((record as RoutedRecord).routed, partitions)
  }
}

/** The producer lost its identity or its order, or was closed on the way: nothing is wrong with the record itself. */
function isOfProducer(error: MillraceError): boolean {
  return [
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'UNKNOWN_PRODUCER_ID',
    'INVALID_PRODUCER_EPOCH',
    'INVALID_TXN_STATE',
    'PRODUCER_FENCED',
    'PRODUCER_CLOSED',
    'TRANSACTION_ABORTED',
    'TRANSACTION_ABORTABLE',
    'TRANSACTION_MUST_ABORT',
  ].includes(error.code)
}
