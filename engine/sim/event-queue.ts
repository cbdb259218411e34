export interface QueuedEvent {
  readonly atMs: number
  /** Among events of one instant the one put in first comes first. */
  readonly order: number
  readonly owner: EventOwner
  readonly label: string
  readonly run: () => void
  isCancelled: boolean
}

/** Whoever dies takes the events that wait for it along. */
export interface EventOwner {
  readonly name: string
  readonly isAlive: boolean
  /** Until then its events are put off: a process that is paused. */
  readonly pausedUntilMs: number
}

/** A binary heap by time and order. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = []

  get size(): number {
    return this.#heap.length
  }

  push(event: QueuedEvent): void {
    const heap = this.#heap
    let i = heap.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >>> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = event
  }

  pop(): QueuedEvent | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = i * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return first
  }
}

function isBefore(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
