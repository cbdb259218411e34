export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump. */
  nowMs(): number
  /** Never goes back; its zero means nothing; fractions of a millisecond allowed. For measuring durations. */
  monotonicMs(): number
}

export interface TimerHandle {
  /** Idempotent. */
  cancel(): void
}

export interface Timers {
  /** Runs `fn` once, not before `delayMs` have passed. A pending timer does not keep a process alive by itself. */
  after(delayMs: number, fn: () => void): TimerHandle
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
  /** Runs `fn` after I/O that is already waiting: the end of this tick, to gather work done in it. */
  soon(fn: () => void): void
}
