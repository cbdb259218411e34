import type { Clock } from '../environment/index.ts'
import type { StepMetrics } from './api.ts'

/** One step's counters in one thread, shared by its tasks. */
export class StepCounters implements StepMetrics {
  in = 0
  out = 0
  dropped = 0
  failed = 0
  busyMs = 0
}

/** Which records are timed: one in so many, and it stands for all of them. */
const sampleEvery = 32

/** Exclusive time per step, by sampling: asking the clock twice per step and record would cost more than most steps. */
export class Stopwatch {
  sampling = false
  readonly #clock: Clock
  #turn = 0
  #innerMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A record enters a task. */
  nextRecord(): void {
    this.#turn = (this.#turn + 1) % sampleEvery
    this.sampling = this.#turn === 0
  }

  /** Runs a step; what steps inside it take counts for them. */
  time(counters: StepCounters, run: () => void): void {
    const outerMs = this.#innerMs
    this.#innerMs = 0
    const startMs = this.#clock.monotonicMs()
    try {
      run()
    } finally {
      const totalMs = this.#clock.monotonicMs() - startMs
      counters.busyMs += (totalMs - this.#innerMs) * sampleEvery
      this.#innerMs = outerMs + totalMs
    }
  }
}
