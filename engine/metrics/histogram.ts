/** Buckets for each doubling: values are known to about 3 %. */
const steps = 16
/** From 2⁻¹⁰ (1 µs in a histogram of milliseconds) to 2²⁶ (18 hours). */
const exponentMin = -10
const exponentMax = 26
const bucketCount = (exponentMax - exponentMin) * steps + 1

/** Percentiles are of the last one to two of these. */
const windowMs = 300_000

/**
 * How values are spread, in fixed memory: buckets that widen with the value, in two halves of which the older is forgotten every
 * 5 minutes. Kafka's brokers keep a random sample of 1,028 values biased to the last 5 minutes instead; here every value counts.
 */
export class Histogram {
  count = 0
  #sum = 0
  #min = Number.NaN
  #max = Number.NaN
  #newer = new Float64Array(bucketCount)
  #older = new Float64Array(bucketCount)
  #turnedMs: number

  /** @param nowMs of the monotonic clock, here and everywhere below */
  constructor(nowMs: number) {
    this.#turnedMs = nowMs
  }

  record(value: number, nowMs: number): void {
    this.#turn(nowMs)
    this.count++
    this.#sum += value
    if (!(value >= this.#min)) this.#min = value
    if (!(value <= this.#max)) this.#max = value
    this.#newer[bucketOf(value)]!++
  }

  /** Since the beginning, as in Kafka; 0 without values. */
  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count
  }

  get min(): number {
    return this.count === 0 ? 0 : this.#min
  }

  get max(): number {
    return this.count === 0 ? 0 : this.#max
  }

  /** 0 without values in the last minutes. @param quantiles 0 … 1, ascending */
  percentiles(quantiles: readonly number[], nowMs: number): number[] {
    this.#turn(nowMs)
    let total = 0
    for (let i = 0; i < bucketCount; i++) total += this.#newer[i]! + this.#older[i]!
    if (total === 0) return quantiles.map(() => 0)
    let bucket = 0
    let seen = this.#newer[0]! + this.#older[0]!
    return quantiles.map((quantile) => {
      const rank = Math.max(1, Math.ceil(quantile * total))
      while (seen < rank) {
        bucket++
        seen += this.#newer[bucket]! + this.#older[bucket]!
      }
      return Math.min(Math.max(middleOf(bucket), this.#min), this.#max)
    })
  }

  #turn(nowMs: number): void {
    const turns = Math.floor((nowMs - this.#turnedMs) / windowMs)
    if (turns <= 0) return
    this.#turnedMs += turns * windowMs
    const reused = this.#older.fill(0)
    this.#older = this.#newer
    this.#newer = reused
    if (turns > 1) this.#older.fill(0)
  }
}

/** The first bucket holds all that is smaller than its end, the last one all that is larger. */
function bucketOf(value: number): number {
  if (!(value > 2 ** exponentMin)) return 0
  return Math.min(bucketCount - 1, 1 + Math.floor((Math.log2(value) - exponentMin) * steps))
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : 2 ** (exponentMin + (bucket - 0.5) / steps)
}
