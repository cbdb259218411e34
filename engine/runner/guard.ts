/**
 * Who is at work in a thread, in memory that outlives it: when a thread is stuck, out of memory or gone, this says in which
 * node's code it was last. One number for the code that runs now (0: none of the user's), one for the last, one that counts.
 */
const current = 0
const last = 1
const calls = 2
const cells = 3

export interface GuardReading {
  /** The node whose code runs at this moment. */
  readonly current: string | undefined
  readonly last: string | undefined
  readonly calls: number
}

export function createGuardMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT)
}

/** From outside the thread. `nodes` must be in the order that the thread's guard has them in. */
export function readGuard(memory: SharedArrayBuffer, nodes: readonly string[]): GuardReading {
  const view = new Int32Array(memory)
  const nodeAt = (cell: number) => nodes[Atomics.load(view, cell) - 1]
  return { current: nodeAt(current), last: nodeAt(last), calls: Atomics.load(view, calls) }
}

export type Guarded = <Args extends unknown[], Result>(
  node: string,
  fn: (...args: Args) => Result,
) => (...args: Args) => Result

/** In the thread: makes functions that say whose they are while they run. */
export function createGuard(memory: SharedArrayBuffer, nodes: readonly string[]): Guarded {
  const view = new Int32Array(memory)
  return (node, fn) => {
    const number = nodes.indexOf(node) + 1
    return (...args) => {
      // One call may be inside another: a processor forwards to the next.
      const outer = view[current]!
      view[current] = number
      view[last] = number
      view[calls] = view[calls]! + 1
      try {
        return fn(...args)
      } finally {
        view[current] = outer
      }
    }
  }
}

export function isInUserCode(memory: SharedArrayBuffer): boolean {
  return Atomics.load(new Int32Array(memory), current) !== 0
}
