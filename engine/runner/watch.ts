import type { Environment, TimerHandle } from '../environment/index.ts'
import type { RunLimits } from './messages.ts'
import type { RunThread } from './run-thread.ts'

const lookMs = 100
/** From this share of the limits on, it is noted where a long call stands: close to the limit nobody answers any more. */
const notableShare = 0.6

export interface WatchEvents {
  /** One call does not end. */
  onStuck(thread: RunThread): void
  /** The process has too much memory; `thread` is who is most likely to have taken it. */
  onMemoryExceeded(thread: RunThread | undefined): void
}

/**
 * Watches what the user's code does, ten times a second: calls that do not end, and the process's resident memory. Heaps
 * have limits of their own; buffers outside them have none, and could take the whole machine. Looks are counted, not time: a
 * machine too busy to look is too busy to run.
 */
export class Watch {
  readonly #environment: Environment
  readonly #limits: RunLimits
  readonly #memoryBytes: () => number
  readonly #threads: () => readonly RunThread[]
  readonly #events: WatchEvents
  readonly #startBytes: number
  #timer: TimerHandle

  constructor(
    environment: Environment,
    limits: RunLimits,
    memoryBytes: () => number,
    threads: () => readonly RunThread[],
    events: WatchEvents,
  ) {
    this.#environment = environment
    this.#limits = limits
    this.#memoryBytes = memoryBytes
    this.#threads = threads
    this.#events = events
    this.#startBytes = memoryBytes()
    this.#timer = this.#arm()
  }

  stop(): void {
    this.#timer.cancel()
  }

  #arm(): TimerHandle {
    return this.#environment.timers.after(lookMs, () => {
      this.#timer = this.#arm()
      this.#look()
    })
  }

  #look(): void {
    const bytes = this.#memoryBytes()
    const { heapBytesMax, residentBytesMax, callMsMax } = this.#limits
    const notable = Math.min(this.#startBytes + heapBytesMax * notableShare, residentBytesMax * notableShare)
    const looks = this.#threads().map((thread) => ({ thread, count: thread.look() }))
    const long = looks.filter(({ count }) => count > 0).map(({ thread }) => thread)
    if (bytes > notable) for (const thread of long) void thread.notePlace(true)
    if (bytes > residentBytesMax) {
      const busy = this.#threads().find((thread) => thread.reading().current !== undefined)
      const last = this.#threads().find((thread) => thread.reading().last !== undefined)
      this.stop()
      this.#events.onMemoryExceeded(long[0] ?? busy ?? last)
      return
    }
    const stuck = looks.find(({ count }) => count * lookMs >= callMsMax)
    if (!stuck) return
    this.stop()
    this.#events.onStuck(stuck.thread)
  }
}
