export interface Timed {
  readonly timeMs: number
  /** It counts for nothing any more; the heap drops it in passing. */
  gone: boolean
}

/** A binary min-heap by time. What is gone is told to it, so that it never holds more of that than of the rest. */
export class TimeHeap<T extends Timed> {
  #entries: T[] = []
  #goneCount = 0

  push(entry: T): void {
    this.#entries.push(entry)
    this.#rise(this.#entries.length - 1)
  }

  /** Takes everything up to the time, inclusive, that is not gone; entries of one time in any order. */
  takeUpTo(timeMs: number): T[] {
    const taken: T[] = []
    while (this.#entries.length > 0 && this.#entries[0]!.timeMs <= timeMs) {
      const first = this.#entries[0]!
      const last = this.#entries.pop()!
      if (this.#entries.length > 0) {
        this.#entries[0] = last
        this.#sink(0)
      }
      if (first.gone) this.#goneCount--
      else taken.push(first)
    }
    return taken
  }

  /** An entry of the heap, or one that was taken from it, has gone. */
  noteGone(): void {
    if (++this.#goneCount <= 64 || this.#goneCount * 2 <= this.#entries.length) return
    this.#entries = this.#entries.filter((entry) => !entry.gone)
    this.#goneCount = 0
    for (let at = (this.#entries.length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  #rise(from: number): void {
    const entry = this.#entries[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#entries[parent]!.timeMs <= entry.timeMs) break
      this.#entries[at] = this.#entries[parent]!
      at = parent
    }
    this.#entries[at] = entry
  }

  #sink(from: number): void {
    const entry = this.#entries[from]!
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.#entries.length) break
      const right = this.#entries[child + 1]
      if (right !== undefined && right.timeMs < this.#entries[child]!.timeMs) child++
      if (this.#entries[child]!.timeMs >= entry.timeMs) break
      this.#entries[at] = this.#entries[child]!
      at = child
    }
    this.#entries[at] = entry
  }
}
