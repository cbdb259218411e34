import type { Clock, TimerHandle, Timers } from '../environment/index.ts'
import type { Actor } from './actor.ts'
import type { Scheduler } from './scheduler.ts'

/** Enough that a loop of them lets time go by. */
const soonMs = 0.001

export function simClock(actor: Actor, scheduler: Scheduler): Clock {
  return {
    nowMs: () => Math.floor(scheduler.nowMs + actor.node.clockSkewMs),
    monotonicMs: () => scheduler.elapsedMs,
  }
}

export function simTimers(actor: Actor, scheduler: Scheduler): Timers {
  const after = (delayMs: number, fn: () => void, label = 'timer'): TimerHandle =>
    scheduler.schedule(actor, delayMs, label, fn)
  return {
    after,
    soon: (fn) => void after(soonMs, fn, 'soon'),
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          timer.cancel()
          reject(signal!.reason)
        }
        const timer = after(delayMs, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
  }
}
