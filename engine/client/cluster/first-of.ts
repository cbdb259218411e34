import type { Timers } from '../../environment/index.ts'

/**
 * The result of the first attempt that succeeds. The next one starts when one fails, or when none has ended for
 * `patienceMs`. Rejects with the last failure once all have failed.
 */
export function firstOf<T>(
  attempts: readonly (() => Promise<T>)[],
  patienceMs: number,
  timers: Pick<Timers, 'after'>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let next = 0
    let running = 0
    let isSettled = false
    let timer = timers.after(patienceMs, start)
    function start(): void {
      timer.cancel()
      const attempt = attempts[next++]
      if (isSettled || attempt === undefined) return
      running++
      timer = timers.after(patienceMs, start)
      attempt().then(succeed, fail)
    }
    function succeed(value: T): void {
      isSettled = true
      timer.cancel()
      resolve(value)
    }
    function fail(thrown: unknown): void {
      running--
      if (isSettled) return
      if (next < attempts.length) start()
      else if (running === 0) {
        isSettled = true
        timer.cancel()
        reject(thrown)
      }
    }
    start()
  })
}
