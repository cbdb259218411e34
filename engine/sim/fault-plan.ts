import type { Random } from '../environment/index.ts'
import { outside } from './scheduler.ts'
import type { World } from './world.ts'

export type FaultKind =
  | 'crash'
  | 'kill'
  | 'partition'
  | 'one-way cut'
  | 'reset'
  | 'pause'
  | 'slow disk'
  | 'clock skew'

export interface FaultPlanOptions {
  readonly nodes: readonly string[]
  readonly kinds: readonly FaultKind[]
  /** Mean time between two faults. */
  readonly everyMs: number
  /** How long one lasts at most. */
  readonly lastsMs: number
  /** Asked before a node goes down (`crash` loses unsynced bytes, `kill` only the process). */
  readonly mayGoDown: (node: string, kind: 'crash' | 'kill') => boolean
  /** Called after the node has gone down; the caller lets go of what ran on it. */
  readonly onDown: (node: string) => void
  /** Called when it is time to start the node again. */
  readonly onUp: (node: string) => void
  readonly onFault?: (text: string) => void
}

/** Lets faults happen at random until it is stopped; then everything heals. */
export class FaultPlan {
  readonly #world: World
  readonly #options: FaultPlanOptions
  readonly #random: Random
  #pending: { cancel(): void } | undefined
  #undo = new Set<() => void>()

  constructor(world: World, options: FaultPlanOptions) {
    this.#world = world
    this.#options = options
    this.#random = world.random.fork('fault plan')
  }

  start(): void {
    const delayMs = this.#options.everyMs * (0.5 + this.#random.float())
    this.#pending = this.#world.scheduler.schedule(outside, delayMs, 'fault', () => {
      this.#strike()
      this.start()
    })
  }

  /** No more faults, and those that last are undone now. */
  stop(): void {
    this.#pending?.cancel()
    for (const undo of [...this.#undo]) undo()
    this.#world.network.healAll()
  }

  #strike(): void {
    const { nodes, kinds } = this.#options
    const kind = this.#pick(kinds)
    const node = this.#pick(nodes)
    const other = this.#pick(nodes.filter((name) => name !== node))
    const lastsMs = Math.ceil(this.#random.float() * this.#options.lastsMs)
    const undo = this.#apply(kind, node, other, lastsMs)
    if (!undo) return
    this.#options.onFault?.(
      `${this.#world.scheduler.elapsedMs.toFixed(1)} ${kind} ${node} ${other} for ${lastsMs} ms`,
    )
    const once = () => {
      if (this.#undo.delete(once)) undo()
    }
    this.#undo.add(once)
    this.#world.scheduler.schedule(outside, lastsMs, `end of ${kind}`, once)
  }

  /** Gives what ends it; undefined when it may not happen now. */
  #apply(kind: FaultKind, node: string, other: string, lastsMs: number): (() => void) | undefined {
    const world = this.#world
    switch (kind) {
      case 'crash':
      case 'kill':
        if (!world.isUp(node) || !this.#options.mayGoDown(node, kind)) return undefined
        world.crash(node, { keepsDisk: kind === 'kill' })
        this.#options.onDown(node)
        return () => this.#options.onUp(node)
      case 'partition': {
        world.partition(
          [node],
          this.#options.nodes.filter((name) => name !== node),
        )
        return () => this.#heal(node)
      }
      case 'one-way cut':
        world.network.cut(node, other)
        return () => world.network.heal(node, other)
      case 'reset':
        world.network.reset(node, other)
        return () => undefined
      case 'pause':
        world.pause(node, lastsMs)
        return () => world.pause(node, 0)
      case 'slow disk':
        world.slowDisk(node, 20)
        return () => world.slowDisk(node, 1)
      case 'clock skew':
        world.skewClock(node, this.#random.int(10_000) - 5000)
        return () => world.skewClock(node, 0)
    }
  }

  #heal(node: string): void {
    for (const name of this.#options.nodes) {
      this.#world.network.heal(node, name)
      this.#world.network.heal(name, node)
    }
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.int(from.length)]!
  }
}
