/** Permits that come at a rate, saved up to a burst. More may be taken than there are, but nothing while there is a debt. */
export class TokenBucket {
  private tokens: number | undefined
  private atMs = 0

  /** @returns how long until the debt is paid; 0: there is none */
  throttleMs(perSecond: number, burst: number, nowMs: number): number {
    const tokens = this.refill(perSecond, burst, nowMs)
    return tokens < 0 ? Math.round((-tokens / perSecond) * 1000) : 0
  }

  take(amount: number, perSecond: number, burst: number, nowMs: number): void {
    this.tokens = this.refill(perSecond, burst, nowMs) - amount
  }

  private refill(perSecond: number, burst: number, nowMs: number): number {
    const gained = ((nowMs - this.atMs) / 1000) * perSecond
    this.tokens = this.tokens === undefined ? burst : Math.min(burst, this.tokens + gained)
    this.atMs = nowMs
    return this.tokens
  }
}
