import { assert } from '../../base/assert.ts'

export interface Timed {
  readonly timeMs: number
  /** It counts for nothing any more; the heap drops it in passing. */
  gone: boolean
}

/** A binary min-heap, by time alone unless told otherwise. What is gone is told to it: it never holds more of that than of the rest. */
export class TimeHeap<T extends Timed> {
  readonly #compare: (a: T, b: T) => number
  #entries: T[] = []
  #goneCount = 0

  constructor(compare: (a: T, b: T) => number = (a, b) => a.timeMs - b.timeMs) {
    this.#compare = compare
  }

  get first(): T | undefined {
    return this.#entries[0]
  }

  push(entry: T): void {
    this.#entries.push(entry)
    this.#rise(this.#entries.length - 1)
  }

  /** Takes everything up to the time, inclusive, that is not gone; entries of one time in any order. */
  takeUpTo(timeMs: number): T[] {
    const taken: T[] = []
    while (this.#entries.length > 0 && this.#entries[0]!.timeMs <= timeMs) {
      const first = this.takeFirst()
      if (!first.gone) taken.push(first)
    }
    return taken
  }

  takeFirst(): T {
    const first = this.#entries[0]
    assert(first !== undefined, 'there is something to take')
    const last = this.#entries.pop()!
    if (this.#entries.length > 0) {
      this.#entries[0] = last
      this.#sink(0)
    }
    if (first.gone) this.#goneCount--
    return first
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
      if (this.#compare(this.#entries[parent]!, entry) <= 0) break
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
      if (right !== undefined && this.#compare(right, this.#entries[child]!) < 0) child++
      if (this.#compare(this.#entries[child]!, entry) >= 0) break
      this.#entries[at] = this.#entries[child]!
      at = child
    }
    this.#entries[at] = entry
  }
}
