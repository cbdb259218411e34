import type { TimerHandle, Timers } from '../../environment/index.ts'

/** A request that waits for something to become true, or for its time to run out. */
export interface Delayed {
  /** Under which of Kafka's names it is counted. */
  readonly kind: 'Produce' | 'Fetch'
  /** Looks whether it can be answered, and answers it: true ends the waiting. */
  tryComplete(): boolean
  /** Time is up, or whoever asked is gone: answers with what there is. */
  expire(): void
  /** Looking at it went wrong: it will not be looked at again. */
  fail(thrown: unknown): void
}

/** Whose request it is. */
export interface Asker {
  readonly isGone: boolean
  /** Called when there is nobody to answer any more. Returns the way to stop. */
  onGone(listener: () => void): () => void
}

/** Clients choose how long they wait, up to 24 days: none of them is kept waiting for longer than this. */
const waitMsMax = 600_000

interface Waiting {
  readonly operation: Delayed
  readonly keys: readonly string[]
  timer: TimerHandle | undefined
  stopListening: (() => void) | undefined
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
  private readonly waiting = { Produce: 0, Fetch: 0 }
  private isScheduled = false
  private isClosed = false

  constructor(timers: Timers) {
    this.timers = timers
  }

  /** Tries at once; else waits under the keys, `timeoutMs` at most, and no longer than the asker. */
  add(operation: Delayed, keys: readonly string[], timeoutMs: number, asker?: Asker): void {
    if (operation.tryComplete()) return
    if (timeoutMs <= 0) {
      operation.expire()
      return
    }
    this.waiting[operation.kind]++
    const waiting: Waiting = {
      operation,
      keys,
      timer: undefined,
      stopListening: undefined,
      isDone: false,
    }
    for (const key of keys) {
      const waiters = this.byKey.get(key)
      if (waiters) waiters.add(waiting)
      else this.byKey.set(key, new Set([waiting]))
    }
    const expire = () => {
      if (this.finish(waiting)) operation.expire()
    }
    waiting.timer = this.timers.after(Math.min(timeoutMs, waitMsMax), expire)
    waiting.stopListening = asker?.onGone(expire)
  }

  /** How many wait. */
  sizeOf(kind: Delayed['kind']): number {
    return this.waiting[kind]
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
    for (const waiters of this.byKey.values()) {
      for (const waiting of waiters) {
        waiting.timer?.cancel()
        waiting.stopListening?.()
      }
    }
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
      if (!waiting.isDone) this.look(waiting)
    }
  }

  /** What goes wrong with one request is for its own client to hear of. */
  private look(waiting: Waiting): void {
    try {
      if (waiting.operation.tryComplete()) this.finish(waiting)
    } catch (thrown) {
      if (this.finish(waiting)) waiting.operation.fail(thrown)
    }
  }

  /** False if it was done already. */
  private finish(waiting: Waiting): boolean {
    if (waiting.isDone) return false
    waiting.isDone = true
    this.waiting[waiting.operation.kind]--
    waiting.timer?.cancel()
    waiting.stopListening?.()
    for (const key of waiting.keys) {
      const waiters = this.byKey.get(key)
      waiters?.delete(waiting)
      if (waiters?.size === 0) this.byKey.delete(key)
    }
    return true
  }
}
