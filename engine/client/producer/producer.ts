import { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { Producer, ProducerMetrics, ProducerOptions, ProducerRecord, RecordMetadata } from '../api.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import { Accumulator } from './accumulator.ts'
import type { Settle } from './batch.ts'
import { Sender } from './sender.ts'
import { type ProducerSettings, producerSettings } from './settings.ts'

/** @throws MillraceError BAD_OPTION, BAD_ADDRESS */
export function createProducer(environment: Environment, options: ProducerOptions): Producer {
  return new KafkaProducer(environment, producerSettings(options))
}

type OnError = (error: MillraceError) => void

class KafkaProducer implements Producer {
  readonly #settings: ProducerSettings
  readonly #cluster: ClusterClient
  readonly #accumulator: Accumulator
  readonly #sender: Sender
  #firstFailure: MillraceError | undefined
  #closing: Promise<void> | undefined
  /** The last `onError` and what settles with it: callers mostly pass the same one. */
  #lastOnError: OnError | undefined
  #lastSettle: Settle | undefined

  constructor(environment: Environment, settings: ProducerSettings) {
    this.#settings = settings
    this.#cluster = new ClusterClient(environment, settings, { autoCreateTopics: true })
    const onFailure = (error: MillraceError) => {
      this.#firstFailure ??= error
    }
    this.#accumulator = new Accumulator(this.#cluster, settings, () => this.#sender.wake(), onFailure)
    this.#sender = new Sender(this.#cluster, settings, this.#accumulator, onFailure)
  }

  get full(): boolean {
    return this.#accumulator.isFull
  }

  ready(): Promise<void> {
    return this.#accumulator.room()
  }

  send(record: ProducerRecord): Promise<RecordMetadata> {
    if (this.#closing !== undefined) return Promise.reject(producerClosed())
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
    if (this.#closing === undefined) this.#accumulator.add(record, this.#settleOf(onError))
    else onError?.(producerClosed())
  }

  async flush(): Promise<void> {
    await this.#drain()
    const failure = this.#firstFailure
    this.#firstFailure = undefined
    if (failure !== undefined) throw failure
  }

  metrics(): ProducerMetrics {
    return this.#sender.results.metrics()
  }

  close(timeoutMs = this.#settings.deliveryTimeoutMs): Promise<void> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    const limit = new AbortController()
    const { timers } = this.#cluster.environment
    const tooLong = timers.sleep(timeoutMs, limit.signal).catch(() => undefined)
    await Promise.race([this.#drain(), tooLong])
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

type Place = Omit<RecordMetadata, 'topic'>

function producerClosed(): MillraceError {
  return new MillraceError({
    code: 'PRODUCER_CLOSED',
    what: 'the producer has been closed',
    remedy: 'create another one',
  })
}
