interface Sample {
  readonly startMs: number
  sum: number
}

/** What came in the last seconds, as Kafka counts it: in samples of a second each, the present one among them. */
export class SampledRate {
  private readonly samples: Sample[] = []
  private readonly count: number
  private readonly sampleMs: number

  /** @param count of samples, the present one included */
  constructor(count: number, sampleMs: number) {
    this.count = count
    this.sampleMs = sampleMs
  }

  /** A negative amount takes back what was recorded just now. */
  record(amount: number, nowMs: number): void {
    const last = this.samples.at(-1)
    if (last && nowMs < last.startMs + this.sampleMs) last.sum += amount
    else this.samples.push({ startMs: nowMs, sum: amount })
  }

  isIdle(nowMs: number): boolean {
    this.expire(nowMs)
    return this.samples.length === 0
  }

  /**
   * How long nothing more may come for the rate to fall to the bound. A client is measured over no less than all full
   * samples, so that it may begin with a burst.
   * @param perSecondMax above 0
   */
  throttleMs(perSecondMax: number, nowMs: number): number {
    this.expire(nowMs)
    const { sampleMs, samples } = this
    const elapsedMs = samples.length === 0 ? 0 : nowMs - samples[0]!.startMs
    const missing = Math.max(0, this.count - 1 - Math.floor(elapsedMs / sampleMs))
    const windowMs = elapsedMs + missing * sampleMs
    const perSecond = (samples.reduce((sum, each) => sum + each.sum, 0) / windowMs) * 1000
    return perSecond > perSecondMax ? Math.round(((perSecond - perSecondMax) / perSecondMax) * windowMs) : 0
  }

  private expire(nowMs: number): void {
    while (this.samples.length > 0 && nowMs - this.samples[0]!.startMs >= this.count * this.sampleMs) {
      this.samples.shift()
    }
  }
}
