const tickMs = 5000

/** Weights of the last tick in averages over so many minutes. */
const alphas = [1, 5, 15].map((minutes) => 1 - Math.exp(-tickMs / 60_000 / minutes))

/**
 * Events and their rates as Kafka's brokers have them: moving averages over 1, 5 and 15 minutes that fade exponentially, moved
 * every 5 s. The ticks that have passed are made up for when it is marked or read, so that no timer is needed.
 */
export class Meter {
  count = 0
  readonly #startMs: number
  #tickedMs: number
  #uncounted = 0
  /** Events a millisecond; undefined before the first tick. */
  #rates: [number, number, number] | undefined

  /** @param nowMs of the monotonic clock, here and everywhere below */
  constructor(nowMs: number) {
    this.#startMs = nowMs
    this.#tickedMs = nowMs
  }

  mark(count: number, nowMs: number): void {
    if (nowMs - this.#tickedMs >= tickMs) this.#tick(nowMs)
    this.count += count
    this.#uncounted += count
  }

  /** Over its whole life. */
  meanPerSec(nowMs: number): number {
    return nowMs > this.#startMs ? (this.count / (nowMs - this.#startMs)) * 1000 : 0
  }

  /** Over about 1, 5 and 15 minutes. */
  ratesPerSec(nowMs: number): [number, number, number] {
    this.#tick(nowMs)
    const [one, five, fifteen] = this.#rates ?? [0, 0, 0]
    return [one * 1000, five * 1000, fifteen * 1000]
  }

  #tick(nowMs: number): void {
    const ticks = Math.floor((nowMs - this.#tickedMs) / tickMs)
    if (ticks <= 0) return
    this.#tickedMs += ticks * tickMs
    const instant = this.#uncounted / tickMs
    this.#uncounted = 0
    this.#rates = this.#rates
      ? toThree((i) => this.#rates![i]! + alphas[i]! * (instant - this.#rates![i]!))
      : [instant, instant, instant]
    // Nothing came in the ticks after the first.
    const rates = this.#rates
    if (ticks > 1) this.#rates = toThree((i) => rates[i]! * (1 - alphas[i]!) ** (ticks - 1))
  }
}

function toThree(of: (index: number) => number): [number, number, number] {
  return [of(0), of(1), of(2)]
}
