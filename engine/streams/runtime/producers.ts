/** What a thread writes with: one producer for each way of writing that is in use. */
import { MillraceError } from '../../base/errors.ts'
import type { Partitioner, Producer, ProducerRecord } from '../../client/api.ts'
import { createProducer } from '../../client/index.ts'
import { isRetriable } from '../../client/kafka-error.ts'
import type { CompressionName, Environment } from '../../environment/index.ts'
import type { ErrorDecision, ProcessingError, StreamRecord } from '../api.ts'
import type { SinkSpec, StepNode } from '../graph.ts'
import { toWireHeaders } from '../record.ts'
import type { Collector } from '../task.ts'

interface Way {
  readonly partitioner: Partitioner
  readonly acks: 0 | 1 | 'all'
  readonly compression: CompressionName
}

const internalWay: Way = { partitioner: 'default', acks: 'all', compression: 'none' }

interface Options {
  readonly bootstrap: readonly string[]
  readonly clientId: string
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

export class Producers implements Collector {
  failure: WriteFailure | undefined
  readonly #environment: Environment
  readonly #options: Options
  readonly #byWay = new Map<string, Producer>()
  /** Which of them a sink writes with: asked for every record. */
  readonly #bySink = new Map<SinkSpec, Producer>()
  /** What changelogs are written with. */
  #internal: Producer | undefined

  constructor(environment: Environment, options: Options) {
    this.#environment = environment
    this.#options = options
  }

  get full(): boolean {
    for (const producer of this.#byWay.values()) if (producer.full) return true
    return false
  }

  async ready(): Promise<void> {
    for (const producer of this.#byWay.values()) if (producer.full) await producer.ready()
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
    const producer = this.#bySink.get(sink) ?? this.#producerFor(sink)
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
      this.#changes(),
      { topic, partition, key, value, timestampMs: Math.max(0, timestampMs) },
      topic,
    )
  }

  /** Resolves when everything sent has been acknowledged, or has failed: then `failure` says so. */
  async flush(): Promise<void> {
    for (const producer of this.#byWay.values()) {
      try {
        await producer.flush()
      } catch (error) {
        // Every failed record has told its own handler, which either goes on or has set the failure.
        if (!(error instanceof MillraceError)) throw error
      }
    }
  }

  async close(timeoutMs: number): Promise<void> {
    for (const producer of this.#byWay.values()) await producer.close(timeoutMs)
    this.#byWay.clear()
    this.#bySink.clear()
    this.#internal = undefined
  }

  #post(producer: Producer, record: ProducerRecord | RoutedRecord, step: string): void {
    producer.post(record, (error) => this.#failed(error, record.topic, step))
  }

  #failed(error: MillraceError, topic: string, step: string): void {
    const where: ProcessingError = { stage: 'production', step, topic, error }
    if (error.code === 'DELIVERY_TIMED_OUT' || isRetriable(error) || isOfProducer(error)) {
      this.failure ??= { where, retriable: true }
      return
    }
    this.#options.onFailed(step)
    if (this.#options.onError(where) === 'fail') this.failure ??= { where, retriable: false }
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
}

/** The producer knows how many partitions the topic has when the record is sent. */
function routing(choose: (record: StreamRecord, partitions: number) => number): Partitioner {
  return (record, partitions) => choose((record as RoutedRecord).routed, partitions)
}

/** The producer lost its identity or its order, or was closed on the way: nothing is wrong with the record itself. */
function isOfProducer(error: MillraceError): boolean {
  return [
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'UNKNOWN_PRODUCER_ID',
    'INVALID_PRODUCER_EPOCH',
    'PRODUCER_FENCED',
    'PRODUCER_CLOSED',
  ].includes(error.code)
}
