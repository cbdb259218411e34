import { MillraceError } from '../base/errors.ts'

export interface Punctuation {
  cancel(): void
}

interface Scheduled {
  readonly everyMs: number
  readonly clock: 'stream-time' | 'wall-clock'
  readonly firstMs: number
  readonly punctuate: (timestampMs: number) => void
  dueMs: number
  cancelled: boolean
}

/** A task's timers. Each fires at most once per look at the clock, and then is due at its next multiple after now. */
export class Punctuations {
  readonly #wallClockMs: () => number
  #scheduled: Scheduled[] = []

  constructor(wallClockMs: () => number) {
    this.#wallClockMs = wallClockMs
  }

  get any(): boolean {
    return this.#scheduled.length > 0
  }

  add(
    everyMs: number,
    clock: 'stream-time' | 'wall-clock',
    punctuate: (timestampMs: number) => void,
    startTimeMs: number | undefined,
  ): Punctuation {
    if (!(everyMs >= 1)) {
      throw new MillraceError({
        code: 'BAD_INTERVAL',
        what: `a punctuation every ${everyMs} ms is not possible`,
        remedy: 'give an interval of at least 1 ms',
      })
    }
    const firstMs = startTimeMs ?? (clock === 'stream-time' ? 0 : this.#wallClockMs() + everyMs)
    const entry: Scheduled = { everyMs, clock, firstMs, punctuate, dueMs: firstMs, cancelled: false }
    this.#scheduled.push(entry)
    return {
      cancel: () => {
        entry.cancelled = true
        this.#scheduled = this.#scheduled.filter((other) => other !== entry)
      },
    }
  }

  fire(clock: 'stream-time' | 'wall-clock', nowMs: number): void {
    for (const entry of [...this.#scheduled]) {
      if (entry.clock !== clock || entry.cancelled || entry.dueMs > nowMs) continue
      const passed = Math.floor((nowMs - entry.firstMs) / entry.everyMs) + 1
      entry.dueMs = entry.firstMs + passed * entry.everyMs
      entry.punctuate(nowMs)
    }
  }
}
