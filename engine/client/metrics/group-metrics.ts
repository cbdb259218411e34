import type { Clock } from '../../environment/index.ts'
import { attributes, type Metric, Sampled } from '../../metrics/index.ts'

const hourSec = 3600

/** `kafka.consumer`: consumer-coordinator-metrics, and of consumer-metrics what is told of polls. */
export class GroupMetrics {
  readonly #clock: Clock
  readonly #commitMs: Sampled
  readonly #joinMs: Sampled
  readonly #syncMs: Sampled
  readonly #rebalanceMs: Sampled
  readonly #failedRebalances: Sampled
  readonly #heartbeatMs: Sampled
  readonly #betweenPollsMs: Sampled
  readonly #idleRatio: Sampled
  #heartbeatAtMs = Number.NaN
  #rebalancedAtMs = Number.NaN
  #polledAtMs = Number.NaN
  #pollEndedAtMs = Number.NaN

  constructor(clock: Clock) {
    this.#clock = clock
    const nowMs = clock.monotonicMs()
    this.#commitMs = new Sampled(nowMs)
    this.#joinMs = new Sampled(nowMs)
    this.#syncMs = new Sampled(nowMs)
    this.#rebalanceMs = new Sampled(nowMs)
    this.#failedRebalances = new Sampled(nowMs)
    this.#heartbeatMs = new Sampled(nowMs)
    this.#betweenPollsMs = new Sampled(nowMs)
    this.#idleRatio = new Sampled(nowMs)
  }

  /** For the starting point of a duration. */
  get nowMs(): number {
    return this.#clock.monotonicMs()
  }

  committed(sinceMs: number): void {
    this.#since(this.#commitMs, sinceMs)
  }

  joined(sinceMs: number): void {
    this.#since(this.#joinMs, sinceMs)
  }

  synced(sinceMs: number): void {
    this.#since(this.#syncMs, sinceMs)
  }

  rebalanced(sinceMs: number): void {
    this.#since(this.#rebalanceMs, sinceMs)
    this.#rebalancedAtMs = this.nowMs
  }

  rebalanceFailed(): void {
    this.#failedRebalances.record(1, this.nowMs)
  }

  heartbeat(sinceMs: number): void {
    this.#since(this.#heartbeatMs, sinceMs)
    this.#heartbeatAtMs = this.nowMs
  }

  pollStarts(): void {
    const { nowMs } = this
    if (!Number.isNaN(this.#polledAtMs)) this.#betweenPollsMs.record(nowMs - this.#polledAtMs, nowMs)
    this.#polledAtMs = nowMs
  }

  /** Idle is the time in poll, as against that between polls. */
  pollEnds(): void {
    const { nowMs } = this
    const totalMs = nowMs - this.#pollEndedAtMs
    if (totalMs > 0) this.#idleRatio.record((nowMs - this.#polledAtMs) / totalMs, nowMs)
    this.#pollEndedAtMs = nowMs
  }

  pollMetrics(clientId: string): Metric[] {
    const { nowMs } = this
    return attributes(
      { domain: 'kafka.consumer', type: 'consumer-metrics', tags: { 'client-id': clientId } },
      {
        'time-between-poll-avg': this.#betweenPollsMs.avg(nowMs),
        'time-between-poll-max': this.#betweenPollsMs.max(nowMs),
        'last-poll-seconds-ago': (nowMs - this.#polledAtMs) / 1000,
        'poll-idle-ratio-avg': this.#idleRatio.avg(nowMs),
      },
    )
  }

  metrics(clientId: string, assignedPartitions: number): Metric[] {
    const { nowMs } = this
    return attributes(
      { domain: 'kafka.consumer', type: 'consumer-coordinator-metrics', tags: { 'client-id': clientId } },
      {
        'assigned-partitions': assignedPartitions,
        ...timed('commit', 'commit-latency', this.#commitMs, nowMs),
        ...timed('join', 'join-time', this.#joinMs, nowMs),
        ...timed('sync', 'sync-time', this.#syncMs, nowMs),
        'rebalance-latency-avg': this.#rebalanceMs.avg(nowMs),
        'rebalance-latency-max': this.#rebalanceMs.max(nowMs),
        'rebalance-latency-total': this.#rebalanceMs.total,
        'rebalance-total': this.#rebalanceMs.totalCount,
        'rebalance-rate-per-hour': this.#rebalanceMs.eventsPerSec(nowMs) * hourSec,
        'failed-rebalance-total': this.#failedRebalances.total,
        'failed-rebalance-rate-per-hour': this.#failedRebalances.eventsPerSec(nowMs) * hourSec,
        'last-rebalance-seconds-ago': (nowMs - this.#rebalancedAtMs) / 1000,
        'heartbeat-rate': this.#heartbeatMs.eventsPerSec(nowMs),
        'heartbeat-total': this.#heartbeatMs.totalCount,
        'heartbeat-response-time-max': this.#heartbeatMs.max(nowMs),
        'last-heartbeat-seconds-ago': (nowMs - this.#heartbeatAtMs) / 1000,
      },
    )
  }

  #since(sensor: Sampled, sinceMs: number): void {
    const { nowMs } = this
    sensor.record(nowMs - sinceMs, nowMs)
  }
}

function timed(event: string, duration: string, sensor: Sampled, nowMs: number) {
  return {
    [`${event}-rate`]: sensor.eventsPerSec(nowMs),
    [`${event}-total`]: sensor.totalCount,
    [`${duration}-avg`]: sensor.avg(nowMs),
    [`${duration}-max`]: sensor.max(nowMs),
  }
}
