import type { Clock } from '../../environment/index.ts'
import { Meter, type Metric, type MetricGroup, meterMetrics } from '../../metrics/index.ts'

/** What replicas move between brokers, and changes of in-sync sets that this broker asked for as leader. */
export class ReplicationMetrics {
  readonly #clock: Clock
  readonly #bytesIn: Meter
  readonly #bytesOut: Meter
  readonly #isrShrinks: Meter
  readonly #isrExpands: Meter

  constructor(clock: Clock) {
    this.#clock = clock
    const nowMs = clock.monotonicMs()
    this.#bytesIn = new Meter(nowMs)
    this.#bytesOut = new Meter(nowMs)
    this.#isrShrinks = new Meter(nowMs)
    this.#isrExpands = new Meter(nowMs)
  }

  received(sizeBytes: number): void {
    this.#bytesIn.mark(sizeBytes, this.#clock.monotonicMs())
  }

  sent(sizeBytes: number): void {
    this.#bytesOut.mark(sizeBytes, this.#clock.monotonicMs())
  }

  /** The controller has granted another in-sync set. */
  isrChanged(isExpansion: boolean): void {
    const meter = isExpansion ? this.#isrExpands : this.#isrShrinks
    meter.mark(1, this.#clock.monotonicMs())
  }

  metrics(): Metric[] {
    const nowMs = this.#clock.monotonicMs()
    return [
      ...meterMetrics(group('BrokerTopicMetrics', 'ReplicationBytesInPerSec'), this.#bytesIn, nowMs),
      ...meterMetrics(group('BrokerTopicMetrics', 'ReplicationBytesOutPerSec'), this.#bytesOut, nowMs),
      ...meterMetrics(group('ReplicaManager', 'IsrShrinksPerSec'), this.#isrShrinks, nowMs),
      ...meterMetrics(group('ReplicaManager', 'IsrExpandsPerSec'), this.#isrExpands, nowMs),
    ]
  }
}

function group(type: string, name: string): MetricGroup {
  return { domain: 'kafka.server', type, name, tags: {} }
}
