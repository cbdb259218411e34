import { assert } from '../../base/assert.ts'
import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { Metric } from '../../metrics/index.ts'
import type {
  ConsumerGroupMetadata,
  OffsetAndMetadata,
  Producer,
  ProducerOptions,
  ProducerRecord,
  RecordMetadata,
  TopicPartition,
  TransactionalProducer,
  TransactionalProducerOptions,
} from '../api.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import type { TimedStep } from '../metrics/producer-metrics.ts'
import { Accumulator } from './accumulator.ts'
import type { Settle } from './batch.ts'
import { Sender } from './sender.ts'
import { type ProducerSettings, producerSettings } from './settings.ts'
import { Transactions } from './transactions.ts'

/** @throws MillraceError BAD_OPTION, BAD_ADDRESS */
export function createProducer(environment: Environment, options: ProducerOptions): Producer {
  return new KafkaProducer(environment, producerSettings(options))
}

/** @throws MillraceError BAD_OPTION, BAD_ADDRESS */
export function createTransactionalProducer(
  environment: Environment,
  options: TransactionalProducerOptions,
): TransactionalProducer {
  return new TransactionalKafkaProducer(environment, producerSettings(options), options.transactionalId)
}

type OnError = (error: MillraceError) => void

class KafkaProducer implements Producer {
  protected readonly transactions: Transactions | undefined
  readonly #settings: ProducerSettings
  readonly #cluster: ClusterClient
  readonly #accumulator: Accumulator
  readonly #sender: Sender
  #firstFailure: MillraceError | undefined
  #closing: Promise<void> | undefined
  /** The last `onError` and what settles with it: callers mostly pass the same one. */
  #lastOnError: OnError | undefined
  #lastSettle: Settle | undefined

  /** @param transactionalId whose transactions all records belong to */
  constructor(environment: Environment, settings: ProducerSettings, transactionalId?: string) {
    this.#settings = settings
    this.#cluster = new ClusterClient(environment, settings, { autoCreateTopics: true })
    const onFailure = (error: MillraceError) => {
      if (this.transactions) this.transactions.recordFailed(error)
      else this.#firstFailure ??= error
    }
    this.transactions =
      transactionalId === undefined
        ? undefined
        : new Transactions(this.#cluster, settings, transactionalId, {
            onChange: () => this.#sender.wake(),
            drain: () => this.#drain(),
            dropUnsent: (error) => this.#sender.failUnsent(error),
            restartSequences: () => this.#accumulator.forgetSequences(),
          })
    this.#accumulator = new Accumulator(
      this.#cluster,
      settings,
      () => this.#sender.wake(),
      (error) => {
        this.#sender.results.metrics.refused()
        onFailure(error)
      },
    )
    this.#sender = new Sender(this.#cluster, settings, this.#accumulator, onFailure, this.transactions)
  }

  get full(): boolean {
    return this.#accumulator.isFull
  }

  ready(): Promise<void> {
    return this.#accumulator.room()
  }

  send(record: ProducerRecord): Promise<RecordMetadata> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    const timestampMs = record.timestampMs ?? this.#cluster.environment.clock.nowMs()
    const promise = new Promise<RecordMetadata>((resolve, reject) => {
      const settle = (error: MillraceError | undefined, place: Place) => {
        if (error !== undefined) reject(error)
        else resolve({ topic: record.topic, ...place })
      }
      this.#accumulator.add({ ...record, timestampMs }, (error, offset, appendTimeMs, partition) =>
        settle(error, { partition, offset, timestampMs: appendTimeMs < 0 ? timestampMs : appendTimeMs }),
      )
    })
    // Who does not look at the promise learns of the failure from `flush`.
    promise.catch(() => undefined)
    return promise
  }

  post(record: ProducerRecord, onError?: OnError): void {
    const refusal = this.#refusal()
    if (refusal === undefined) this.#accumulator.add(record, this.#settleOf(onError))
    else onError?.(refusal)
  }

  async flush(): Promise<void> {
    await this.timed('flush', this.#drain())
    const failure = this.#firstFailure ?? this.transactions?.failure
    this.#firstFailure = undefined
    if (failure !== undefined) throw failure
  }

  protected timed(step: TimedStep, work: Promise<void>): Promise<void> {
    return this.#sender.results.metrics.timed(step, work)
  }

  metrics(): Metric[] {
    const { clientId, bufferBytesMax } = this.#settings
    const group = { domain: 'kafka.producer', type: 'producer-metrics', tags: { 'client-id': clientId } }
    const now = { inFlight: this.#sender.inFlight, heldBytes: this.#accumulator.heldBytes, bufferBytesMax }
    return [...this.#sender.results.metrics.metrics(clientId, now), ...this.#cluster.network.metrics(group)]
  }

  close(timeoutMs = this.#settings.deliveryTimeoutMs): Promise<void> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    const limit = new AbortController()
    const { timers } = this.#cluster.environment
    const tooLong = timers.sleep(timeoutMs, limit.signal).catch(() => undefined)
    const end = this.transactions?.isOpen ? this.transactions.abort().catch(() => undefined) : this.#drain()
    await Promise.race([end, tooLong])
    limit.abort()
    this.#sender.failAll(producerClosed())
    this.#sender.close()
    this.#cluster.close()
  }

  /** Sends what there is now and waits until all of it is settled. */
  async #drain(): Promise<void> {
    this.#sender.startFlush()
    try {
      await this.#accumulator.admitted()
      await Promise.all([...this.#accumulator.unsettled].map((batch) => batch.done()))
    } finally {
      this.#sender.endFlush()
    }
  }

  #refusal(): MillraceError | undefined {
    return this.#closing === undefined ? this.transactions?.refusal('a record') : producerClosed()
  }

  #settleOf(onError: OnError | undefined): Settle | undefined {
    if (onError === undefined) return undefined
    if (onError !== this.#lastOnError) {
      this.#lastOnError = onError
      this.#lastSettle = (error) => {
        if (error !== undefined) onError(error)
      }
    }
    return this.#lastSettle
  }
}

class TransactionalKafkaProducer extends KafkaProducer implements TransactionalProducer {
  initTransactions(): Promise<void> {
    return this.timed('txn-init', this.#own.initialise())
  }

  beginTransaction(): void {
    this.#own.begin()
  }

  sendOffsetsToTransaction(
    offsets: ReadonlyArray<TopicPartition & OffsetAndMetadata>,
    group: ConsumerGroupMetadata,
  ): Promise<void> {
    return this.timed('txn-send-offsets', this.#own.sendOffsets(offsets, group))
  }

  commitTransaction(): Promise<void> {
    return this.timed('txn-commit', this.#own.commit())
  }

  abortTransaction(): Promise<void> {
    return this.timed('txn-abort', this.#own.abort())
  }

  get #own(): Transactions {
    assert(this.transactions !== undefined, 'it was made with a transactional id')
    return this.transactions
  }
}

type Place = Omit<RecordMetadata, 'topic'>

function producerClosed(): MillraceError {
  return new MillraceError({
    code: 'PRODUCER_CLOSED',
    what: 'the producer has been closed',
    remedy: 'create another one',
  })
}
