import type { TimerHandle, Timers } from '../../environment/index.ts'

/** A request that waits for something to become true, or for its time to run out. */
export interface Delayed {
  /** Looks whether it can be answered, and answers it: true ends the waiting. */
  tryComplete(): boolean
  /** Time is up: answers with what there is. */
  expire(): void
}

interface Waiting {
  readonly operation: Delayed
  readonly keys: readonly string[]
  timer: TimerHandle | undefined
  isDone: boolean
}

/**
 * Where delayed requests wait, under the keys of what can complete them. Touches are gathered: however many appends
 * one tick brings, each waiting request looks once.
 */
export class Purgatory {
  private readonly timers: Timers
  private readonly byKey = new Map<string, Set<Waiting>>()
  private readonly touched = new Set<string>()
  private isScheduled = false
  private isClosed = false

  constructor(timers: Timers) {
    this.timers = timers
  }

  /** Tries at once; else waits under the keys, `timeoutMs` at most. */
  add(operation: Delayed, keys: readonly string[], timeoutMs: number): void {
    if (operation.tryComplete()) return
    if (timeoutMs <= 0) {
      operation.expire()
      return
    }
    const waiting: Waiting = { operation, keys, timer: undefined, isDone: false }
    for (const key of keys) {
      const waiters = this.byKey.get(key)
      if (waiters) waiters.add(waiting)
      else this.byKey.set(key, new Set([waiting]))
    }
    waiting.timer = this.timers.after(timeoutMs, () => {
      if (this.finish(waiting)) operation.expire()
    })
  }

  /** Something under the key has changed: who waits for it looks again at the end of this tick. */
  touch(key: string): void {
    if (!this.byKey.has(key)) return
    this.touched.add(key)
    if (this.isScheduled) return
    this.isScheduled = true
    this.timers.soon(() => {
      this.isScheduled = false
      if (!this.isClosed) this.lookAgain()
    })
  }

  /** Forgets all that wait; none of them is answered. */
  close(): void {
    this.isClosed = true
    for (const waiters of this.byKey.values()) for (const waiting of waiters) waiting.timer?.cancel()
    this.byKey.clear()
  }

  private lookAgain(): void {
    const keys = [...this.touched]
    this.touched.clear()
    const seen = new Set<Waiting>()
    for (const key of keys) {
      for (const waiting of this.byKey.get(key) ?? []) seen.add(waiting)
    }
    for (const waiting of seen) {
      if (!waiting.isDone && waiting.operation.tryComplete()) this.finish(waiting)
    }
  }

  /** False if it was done already. */
  private finish(waiting: Waiting): boolean {
    if (waiting.isDone) return false
    waiting.isDone = true
    waiting.timer?.cancel()
    for (const key of waiting.keys) {
      const waiters = this.byKey.get(key)
      waiters?.delete(waiting)
      if (waiters?.size === 0) this.byKey.delete(key)
    }
    return true
  }
}
