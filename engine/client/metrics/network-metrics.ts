import type { Clock } from '../../environment/index.ts'
import { attributes, type Metric, type MetricGroup, Sampled } from '../../metrics/index.ts'

/** What every client counts of its connections, under the name that Kafka gives each kind of client. */
export class NetworkMetrics {
  readonly #clock: Clock
  readonly #opened: Sampled
  readonly #closed: Sampled
  readonly #requests: Sampled
  readonly #responses: Sampled

  constructor(clock: Clock) {
    this.#clock = clock
    const nowMs = clock.monotonicMs()
    this.#opened = new Sampled(nowMs)
    this.#closed = new Sampled(nowMs)
    this.#requests = new Sampled(nowMs)
    this.#responses = new Sampled(nowMs)
  }

  opened(): void {
    this.#opened.record(1, this.#clock.monotonicMs())
  }

  closed(): void {
    this.#closed.record(1, this.#clock.monotonicMs())
  }

  requested(sizeBytes: number): void {
    this.#requests.record(sizeBytes, this.#clock.monotonicMs())
  }

  answered(sizeBytes: number): void {
    this.#responses.record(sizeBytes, this.#clock.monotonicMs())
  }

  metrics(group: MetricGroup): Metric[] {
    const nowMs = this.#clock.monotonicMs()
    const [requests, responses] = [this.#requests, this.#responses]
    return attributes(group, {
      'connection-count': this.#opened.total - this.#closed.total,
      'connection-creation-rate': this.#opened.ratePerSec(nowMs),
      'connection-creation-total': this.#opened.total,
      'connection-close-rate': this.#closed.ratePerSec(nowMs),
      'connection-close-total': this.#closed.total,
      'request-rate': requests.eventsPerSec(nowMs),
      'request-total': requests.totalCount,
      'request-size-avg': requests.avg(nowMs),
      'request-size-max': requests.max(nowMs),
      'outgoing-byte-rate': requests.ratePerSec(nowMs),
      'outgoing-byte-total': requests.total,
      'response-rate': responses.eventsPerSec(nowMs),
      'response-total': responses.totalCount,
      'incoming-byte-rate': responses.ratePerSec(nowMs),
      'incoming-byte-total': responses.total,
    })
  }
}
