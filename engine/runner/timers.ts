import type { Environment } from '../environment/index.ts'

/** Calls `fn` again and again; returns the way to stop. */
export function every(environment: Environment, intervalMs: number, fn: () => void): () => void {
  let stopped = false
  let timer = environment.timers.after(intervalMs, tick)
  function tick() {
    if (stopped) return
    fn()
    timer = environment.timers.after(intervalMs, tick)
  }
  return () => {
    stopped = true
    timer.cancel()
  }
}
