import type { EventOwner } from './event-queue.ts'
import type { SimNode } from './sim-node.ts'

/**
 * A process or thread in the simulation: one life of a node, or a worker in it. What it has scheduled, opened or listens on ends
 * with it.
 */
export class Actor implements EventOwner {
  readonly name: string
  readonly node: SimNode
  isAlive = true
  readonly #endings = new Set<() => void>()

  constructor(name: string, node: SimNode) {
    this.name = name
    this.node = node
  }

  get pausedUntilMs(): number {
    return this.node.pausedUntilMs
  }

  /** Calls back when it ends; gives the way to take that back. */
  onEnd(fn: () => void): () => void {
    this.#endings.add(fn)
    return () => this.#endings.delete(fn)
  }

  end(): void {
    if (!this.isAlive) return
    this.isAlive = false
    for (const fn of this.#endings) fn()
    this.#endings.clear()
  }
}
