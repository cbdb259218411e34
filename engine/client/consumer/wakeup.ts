import type { Timers } from '../../environment/index.ts'

/** What poll waits on: a call of `ring` since the last wait ends the next one at once. */
export class Wakeup {
  readonly #timers: Timers
  #hasRung = false
  #resolve: (() => void) | undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  ring(): void {
    this.#hasRung = true
    this.#resolve?.()
  }

  /** Until it rings or the time is up; rejects with the signal's reason when aborted. */
  wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#hasRung) {
      this.#hasRung = false
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        timer.cancel()
        signal?.removeEventListener('abort', onAbort)
        this.#resolve = undefined
        this.#hasRung = false
        settle()
      }
      const onAbort = () => finish(() => reject(signal?.reason))
      const timer = this.#timers.after(timeoutMs, () => finish(resolve))
      this.#resolve = () => finish(resolve)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}
