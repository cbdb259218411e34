import type { Environment, TimerHandle } from '../environment/index.ts'
import type { RunLimits } from './messages.ts'
import type { RunThread } from './run-thread.ts'

const checkMs = 100
/** From this share of the limits on, it is noted where a long call stands: close to the limit nobody answers any more. */
const notableShare = 0.6

/**
 * Watches the process's resident memory. Heaps have limits of their own; buffers outside them have none, and could take
 * the whole machine.
 */
export class MemoryWatch {
  readonly #environment: Environment
  readonly #limits: RunLimits
  readonly #memoryBytes: () => number
  readonly #threads: () => readonly RunThread[]
  readonly #onExceeded: (thread: RunThread | undefined) => void
  readonly #startBytes: number
  #timer: TimerHandle | undefined
  #exceeded = false

  constructor(
    environment: Environment,
    limits: RunLimits,
    memoryBytes: () => number,
    threads: () => readonly RunThread[],
    onExceeded: (thread: RunThread | undefined) => void,
  ) {
    this.#environment = environment
    this.#limits = limits
    this.#memoryBytes = memoryBytes
    this.#threads = threads
    this.#onExceeded = onExceeded
    this.#startBytes = memoryBytes()
    this.#arm()
  }

  stop(): void {
    this.#exceeded = true
    this.#timer?.cancel()
  }

  #arm(): void {
    this.#timer = this.#environment.timers.after(checkMs, () => void this.#check())
  }

  async #check(): Promise<void> {
    const bytes = this.#memoryBytes()
    const { heapBytesMax, residentBytesMax } = this.#limits
    const notable = Math.min(this.#startBytes + heapBytesMax * notableShare, residentBytesMax * notableShare)
    const long = this.#threads().filter((thread) => thread.isInOneLongCall())
    if (bytes > notable) await Promise.all(long.map((thread) => thread.notePlace()))
    if (this.#exceeded) return
    if (bytes > residentBytesMax) {
      this.#exceeded = true
      const busy = this.#threads().find((thread) => thread.reading().current !== undefined)
      const last = this.#threads().find((thread) => thread.reading().last !== undefined)
      return this.#onExceeded(long[0] ?? busy ?? last)
    }
    this.#arm()
  }
}
