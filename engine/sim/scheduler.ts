import { MillraceError } from '../base/errors.ts'
import { type EventOwner, EventQueue, type QueuedEvent } from './event-queue.ts'

/** Where virtual time begins, as a wall clock: 2026-01-01T00:00Z. */
const epochMs = Date.UTC(2026, 0, 1)

export interface SchedulerOptions {
  /**
   * Resolves when all promise jobs that were ready have run. It can't be made of promises alone, and nothing here may use
   * real timers: `drainJobs` of engine/node in a test.
   */
  readonly drain: () => Promise<void>
  /** Gets a line per event: what makes two runs comparable. */
  readonly trace?: (line: string) => void
}

/** Virtual time: one event after the other, and all that it sets off before the next. */
export class Scheduler {
  /** Since the simulation began. */
  elapsedMs = 0
  /** What wall clocks have been put forward. */
  wallAheadMs = 0
  readonly #options: SchedulerOptions
  readonly #queue = new EventQueue()
  #order = 0
  #eventCount = 0

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  get nowMs(): number {
    return epochMs + this.elapsedMs + this.wallAheadMs
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** Gives the way to take it back. */
  schedule(owner: EventOwner, delayMs: number, label: string, run: () => void): { cancel(): void } {
    const atMs = this.elapsedMs + Math.max(0, delayMs)
    const event: QueuedEvent = { atMs, order: this.#order++, owner, label, run, isCancelled: false }
    this.#queue.push(event)
    return {
      cancel() {
        event.isCancelled = true
      },
    }
  }

  /** Runs the next event. False when there is none. What an event throws comes out here. */
  async step(): Promise<boolean> {
    const event = this.#next()
    if (!event) return false
    this.elapsedMs = Math.max(this.elapsedMs, event.atMs)
    this.#eventCount++
    this.#options.trace?.(`${this.elapsedMs.toFixed(3)} ${event.owner.name} ${event.label}`)
    event.run()
    await this.#options.drain()
    return true
  }

  /** Runs for so much virtual time. */
  async runFor(durationMs: number): Promise<void> {
    let isOver = false
    this.schedule(outside, durationMs, 'end of run', () => {
      isOver = true
    })
    while (!isOver) await this.step()
  }

  /** Runs until the condition holds; false when it does not within so much virtual time. */
  async runUntil(isDone: () => boolean, limitMs: number): Promise<boolean> {
    let isOver = false
    const limit = this.schedule(outside, limitMs, 'limit of run', () => {
      isOver = true
    })
    // Promises that were settled before the run may be what the condition waits for.
    await this.#options.drain()
    while (!isOver && !isDone()) await this.step()
    limit.cancel()
    return isDone()
  }

  /** Runs until the promise settles. @throws MillraceError SIMULATION_STUCK when it does not within the limit */
  async settle<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let isSettled = false
    const mark = () => {
      isSettled = true
    }
    promise.then(mark, mark)
    if (await this.runUntil(() => isSettled, limitMs)) return promise
    throw new MillraceError({
      code: 'SIMULATION_STUCK',
      what: `nothing came of a promise within ${limitMs} ms of virtual time`,
      where: `at ${this.elapsedMs.toFixed(3)} ms`,
    })
  }

  #next(): QueuedEvent | undefined {
    for (;;) {
      const event = this.#queue.pop()
      if (!event) return undefined
      if (event.isCancelled || !event.owner.isAlive) continue
      if (event.owner.pausedUntilMs <= event.atMs) return event
      this.#queue.push({ ...event, atMs: event.owner.pausedUntilMs })
    }
  }
}

/** For events that belong to the test and not to a node. */
export const outside: EventOwner = { name: '-', isAlive: true, pausedUntilMs: 0 }
