import type { Clock, TimerHandle, Timers } from '../../environment/index.ts'

/** setTimeout fires at once for anything above 2^31 − 1. */
const delayMsMax = 2 ** 31 - 1

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

export const nodeTimers: Timers = { after, sleep, soon: (fn) => void setImmediate(fn) }

/** Resolves when all promise jobs that were ready have run: what the simulator needs between two events. */
export function drainJobs(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function after(delayMs: number, fn: () => void): TimerHandle {
  let remainingMs = Math.max(0, delayMs)
  let timer: NodeJS.Timeout
  const arm = () => {
    const stepMs = Math.min(remainingMs, delayMsMax)
    remainingMs -= stepMs
    timer = setTimeout(remainingMs > 0 ? arm : fn, stepMs)
    timer.unref()
  }
  arm()
  return { cancel: () => clearTimeout(timer) }
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
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
  })
}
