import type { Environment } from '../environment/index.ts'

/** Between two looks for the first sign of life. */
const firstLookMs = 40

/**
 * Calls `report` every `intervalMs`, and once more as soon as `hasBegun`: who watches sees the first record at once, not at the
 * end of an interval. Returns the way to stop.
 */
export function reportEvery(
  environment: Environment,
  intervalMs: number,
  hasBegun: () => boolean,
  report: () => void,
): () => void {
  let begun = false
  let lastMs = environment.clock.monotonicMs()
  let timer = environment.timers.after(firstLookMs, tick)
  function tick() {
    const nowMs = environment.clock.monotonicMs()
    begun ||= hasBegun()
    if (begun || nowMs - lastMs >= intervalMs) {
      lastMs = nowMs
      report()
    }
    timer = environment.timers.after(begun ? intervalMs : Math.min(firstLookMs, intervalMs), tick)
  }
  return () => timer.cancel()
}
