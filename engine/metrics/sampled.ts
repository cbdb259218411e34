/** Of Kafka's clients and their defaults: `metrics.sample.window.ms` and `metrics.num.samples`. */
const windowMs = 30_000
const windowsMax = 2

interface Window {
  startMs: number
  lastMs: number
  count: number
  sum: number
  max: number
}

/**
 * What happened over the last minute, as Kafka's clients sample it: two windows of 30 s, the older of which is begun anew once
 * the newer is full. A rate is over the time since the oldest window began, and over at least one full window, so that
 * the first seconds of a client's life do not look like a burst. Recording allocates nothing.
 */
export class Sampled {
  readonly #windows: Window[]
  #current = 0
  /** Since the beginning. */
  total = 0
  totalCount = 0

  /** @param nowMs of the monotonic clock, here and everywhere below */
  constructor(nowMs: number) {
    this.#windows = [{ startMs: nowMs, lastMs: nowMs, count: 0, sum: 0, max: Number.NEGATIVE_INFINITY }]
  }

  record(value: number, nowMs: number): void {
    this.total += value
    this.totalCount++
    const window = this.#windowFor(nowMs)
    window.lastMs = nowMs
    window.count++
    window.sum += value
    if (value > window.max) window.max = value
  }

  /** Sum of what was recorded, a second. */
  ratePerSec(nowMs: number): number {
    return this.#perSec(nowMs, ({ sum }) => sum)
  }

  /** How often something was recorded, a second. */
  eventsPerSec(nowMs: number): number {
    return this.#perSec(nowMs, ({ count }) => count)
  }

  /** NaN without events. */
  avg(nowMs: number): number {
    const windows = this.#valid(nowMs)
    return sumOf(windows, ({ sum }) => sum) / sumOf(windows, ({ count }) => count)
  }

  /** NaN without events. */
  max(nowMs: number): number {
    const most = Math.max(...this.#valid(nowMs).map(({ max }) => max))
    return most === Number.NEGATIVE_INFINITY ? Number.NaN : most
  }

  #perSec(nowMs: number, of: (window: Window) => number): number {
    const windows = this.#valid(nowMs)
    let elapsedMs = nowMs - Math.min(...windows.map(({ startMs }) => startMs))
    const missing = windowsMax - 1 - Math.floor(elapsedMs / windowMs)
    if (missing > 0) elapsedMs += missing * windowMs
    return elapsedMs === 0 ? 0 : (sumOf(windows, of) / elapsedMs) * 1000
  }

  #windowFor(nowMs: number): Window {
    const window = this.#windows[this.#current]!
    if (nowMs - window.startMs < windowMs) return window
    this.#current = (this.#current + 1) % windowsMax
    const next = this.#windows[this.#current]
    if (next) return beginAnew(next, nowMs)
    const added = beginAnew({ startMs: 0, lastMs: 0, count: 0, sum: 0, max: 0 }, nowMs)
    this.#windows.push(added)
    return added
  }

  #valid(nowMs: number): readonly Window[] {
    for (const window of this.#windows) {
      if (nowMs - window.lastMs >= windowMs * windowsMax) beginAnew(window, nowMs)
    }
    return this.#windows
  }
}

function beginAnew(window: Window, nowMs: number): Window {
  window.startMs = nowMs
  window.lastMs = nowMs
  window.count = 0
  window.sum = 0
  window.max = Number.NEGATIVE_INFINITY
  return window
}

function sumOf(windows: readonly Window[], of: (window: Window) => number): number {
  return windows.reduce((sum, window) => sum + of(window), 0)
}
