import type { Clock } from '../../environment/index.ts'
import { Histogram, histogramMetrics, Meter, type Metric, meterMetrics } from '../../metrics/index.ts'

interface OfApi {
  readonly count: Meter
  readonly totalMs: Histogram
  readonly queueMs: Histogram
}

/** `kafka.network:type=RequestMetrics`, for each API that has been asked for. */
export class RequestTimes {
  readonly #clock: Clock
  readonly #byApi = new Map<string, OfApi>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get nowMs(): number {
    return this.#clock.monotonicMs()
  }

  /** An answer goes out. */
  answered(api: string, receivedMs: number, startedMs: number): void {
    const { nowMs } = this
    let times = this.#byApi.get(api)
    if (!times) {
      times = { count: new Meter(nowMs), totalMs: new Histogram(nowMs), queueMs: new Histogram(nowMs) }
      this.#byApi.set(api, times)
    }
    times.count.mark(1, nowMs)
    times.queueMs.record(startedMs - receivedMs, nowMs)
    times.totalMs.record(nowMs - receivedMs, nowMs)
  }

  metrics(): Metric[] {
    const { nowMs } = this
    return [...this.#byApi].flatMap(([api, { count, totalMs, queueMs }]) =>
      namesOf(api).flatMap((request) => [
        ...meterMetrics(groupOf('RequestsPerSec', request), count, nowMs),
        ...histogramMetrics(groupOf('TotalTimeMs', request), totalMs, nowMs),
        ...histogramMetrics(groupOf('RequestQueueTimeMs', request), queueMs, nowMs),
      ]),
    )
  }
}

/** Followers fetch by other means here, so that all that is called Fetch is consumers'. */
function namesOf(api: string): string[] {
  return api === 'Fetch' ? ['Fetch', 'FetchConsumer'] : [api]
}

function groupOf(name: string, request: string) {
  return { domain: 'kafka.network', type: 'RequestMetrics', name, tags: { request } }
}
