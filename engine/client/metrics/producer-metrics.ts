import type { Clock } from '../../environment/index.ts'
import { attributes, type Metric, Sampled } from '../../metrics/index.ts'

/** A batch as far as it is counted. */
interface CountedBatch {
  readonly recordCount: number
  /** Before compression, header included. */
  readonly sizeBytes: number
  readonly wireBytes: number
  readonly createdMs: number
  readonly attempts: number
}

/** What callers wait for; Kafka counts the time of each in nanoseconds. */
const timedSteps = ['flush', 'txn-init', 'txn-send-offsets', 'txn-commit', 'txn-abort'] as const
export type TimedStep = (typeof timedSteps)[number]

const nsPerMs = 1_000_000

class TopicSensors {
  /** Records, a value for each batch. */
  readonly records: Sampled
  /** Compressed bytes, a value for each batch. */
  readonly bytes: Sampled
  readonly compression: Sampled
  readonly errors: Sampled
  readonly retries: Sampled

  constructor(nowMs: number) {
    this.records = new Sampled(nowMs)
    this.bytes = new Sampled(nowMs)
    this.compression = new Sampled(nowMs)
    this.errors = new Sampled(nowMs)
    this.retries = new Sampled(nowMs)
  }
}

/**
 * `kafka.producer`: producer-metrics, and producer-topic-metrics for each topic. As in Kafka, what is sent again after a
 * failure counts as sent each time, and as retried.
 */
export class ProducerMetrics {
  readonly #clock: Clock
  readonly #all: TopicSensors
  readonly #byTopic = new Map<string, TopicSensors>()
  /** Records, a value for each request. */
  readonly #requests: Sampled
  readonly #latencyMs: Sampled
  readonly #queuedMs: Sampled
  readonly #recordBytes: Sampled
  readonly #splits: Sampled
  readonly #waitedMs = new Map<TimedStep, number>()

  constructor(clock: Clock) {
    this.#clock = clock
    const nowMs = clock.monotonicMs()
    this.#all = new TopicSensors(nowMs)
    this.#requests = new Sampled(nowMs)
    this.#latencyMs = new Sampled(nowMs)
    this.#queuedMs = new Sampled(nowMs)
    this.#recordBytes = new Sampled(nowMs)
    this.#splits = new Sampled(nowMs)
  }

  /** One request, of one batch for each of several partitions. */
  sent(parts: readonly { readonly queue: { readonly topic: string }; readonly batch: CountedBatch }[]): void {
    const nowMs = this.#clock.monotonicMs()
    let records = 0
    for (const { queue, batch } of parts) {
      records += batch.recordCount
      this.#queuedMs.record(nowMs - batch.createdMs, nowMs)
      this.#recordBytes.record(batch.sizeBytes / batch.recordCount, nowMs)
      for (const sensors of [this.#all, this.#topic(queue.topic, nowMs)]) {
        sensors.records.record(batch.recordCount, nowMs)
        sensors.bytes.record(batch.wireBytes, nowMs)
        sensors.compression.record(batch.wireBytes / batch.sizeBytes, nowMs)
        if (batch.attempts > 1) sensors.retries.record(batch.recordCount, nowMs)
      }
    }
    this.#requests.record(records, nowMs)
  }

  answered(latencyMs: number): void {
    this.#latencyMs.record(latencyMs, this.#clock.monotonicMs())
  }

  failed(topic: string, records: number): void {
    const nowMs = this.#clock.monotonicMs()
    for (const sensors of [this.#all, this.#topic(topic, nowMs)]) sensors.errors.record(records, nowMs)
  }

  /** Counts how long the work takes if it succeeds, as Kafka does. */
  async timed(step: TimedStep, work: Promise<void>): Promise<void> {
    const sinceMs = this.#clock.monotonicMs()
    await work
    this.#waitedMs.set(step, (this.#waitedMs.get(step) ?? 0) + this.#clock.monotonicMs() - sinceMs)
  }

  /** A record that came into no batch. */
  refused(): void {
    this.#all.errors.record(1, this.#clock.monotonicMs())
  }

  split(): void {
    this.#splits.record(1, this.#clock.monotonicMs())
  }

  metrics(
    clientId: string,
    now: { readonly inFlight: number; readonly heldBytes: number; readonly bufferBytesMax: number },
  ): Metric[] {
    const nowMs = this.#clock.monotonicMs()
    const tags = { 'client-id': clientId }
    const group = { domain: 'kafka.producer', type: 'producer-metrics', tags }
    return [
      ...attributes(group, {
        ...topicValues(this.#all, nowMs),
        'request-latency-avg': this.#latencyMs.avg(nowMs),
        'request-latency-max': this.#latencyMs.max(nowMs),
        'requests-in-flight': now.inFlight,
        'records-per-request-avg': this.#requests.avg(nowMs),
        'batch-size-avg': this.#all.bytes.avg(nowMs),
        'batch-size-max': this.#all.bytes.max(nowMs),
        'batch-split-rate': this.#splits.ratePerSec(nowMs),
        'batch-split-total': this.#splits.total,
        'record-size-avg': this.#recordBytes.avg(nowMs),
        'record-queue-time-avg': this.#queuedMs.avg(nowMs),
        'record-queue-time-max': this.#queuedMs.max(nowMs),
        ...Object.fromEntries(
          timedSteps.map((step) => [`${step}-time-ns-total`, (this.#waitedMs.get(step) ?? 0) * nsPerMs]),
        ),
        'buffer-total-bytes': now.bufferBytesMax,
        'buffer-available-bytes': Math.max(0, now.bufferBytesMax - now.heldBytes),
      }),
      ...[...this.#byTopic].flatMap(([topic, sensors]) =>
        attributes(
          { domain: 'kafka.producer', type: 'producer-topic-metrics', tags: { ...tags, topic } },
          {
            ...topicValues(sensors, nowMs),
            'byte-rate': sensors.bytes.ratePerSec(nowMs),
            'byte-total': sensors.bytes.total,
          },
        ),
      ),
    ]
  }

  #topic(topic: string, nowMs: number): TopicSensors {
    let sensors = this.#byTopic.get(topic)
    if (!sensors) {
      sensors = new TopicSensors(nowMs)
      this.#byTopic.set(topic, sensors)
    }
    return sensors
  }
}

function topicValues({ records, compression, errors, retries }: TopicSensors, nowMs: number) {
  return {
    'record-send-rate': records.ratePerSec(nowMs),
    'record-send-total': records.total,
    'record-error-rate': errors.ratePerSec(nowMs),
    'record-error-total': errors.total,
    'record-retry-rate': retries.ratePerSec(nowMs),
    'record-retry-total': retries.total,
    'compression-rate-avg': compression.avg(nowMs),
  }
}
