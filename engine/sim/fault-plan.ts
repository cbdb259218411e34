import { MillraceError } from '../base/errors.ts'
import type { Random } from '../environment/index.ts'
import { outside } from './scheduler.ts'
import type { DiskOperation } from './sim-node.ts'
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
  | 'kill all'
  | 'full disk'
  | 'corruption'
  | 'time jump'

/**
 * `crash` loses unsynced bytes, `kill` only the process, `kill all` those of all nodes; `corruption` kills the process, and flips a
 * bit of what lies on its disk. On a `full disk` nothing can be written.
 */
export type DownKind = 'crash' | 'kill' | 'kill all' | 'corruption' | 'full disk'

export interface FaultPlanOptions {
  readonly nodes: readonly string[]
  readonly kinds: readonly FaultKind[]
  /** Mean time between two faults. */
  readonly everyMs: number
  /** How long one lasts at most. */
  readonly lastsMs: number
  /** Asked before a node goes down, or may do so. */
  readonly mayGoDown: (node: string, kind: DownKind) => boolean
  /** Those of the plan, by their place in it, that do not happen after all. */
  readonly skipped?: ReadonlySet<number>
  /** For `corruption`, once the node is down: something on its disk is to be spoilt. */
  readonly damage?: (node: string) => void
  /** Called after the node has gone down; the caller lets go of what ran on it. */
  readonly onDown: (node: string) => void
  /** Called when it is time to start the node again. */
  readonly onUp: (node: string) => void
  readonly onFault?: (text: string, fault: { readonly index: number; readonly kind: FaultKind }) => void
}

/** Lets faults happen at random until it is stopped; then everything heals. */
export class FaultPlan {
  readonly #world: World
  readonly #options: FaultPlanOptions
  readonly #random: Random
  #pending: { cancel(): void } | undefined
  #undo = new Set<() => void>()
  #count = 0

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
    const index = this.#count++
    if (this.#options.skipped?.has(index)) return
    const undo = this.#apply(kind, node, other, lastsMs)
    if (!undo) return
    const text = `${this.#world.scheduler.elapsedMs.toFixed(1)} ${kind} ${node} ${other} for ${lastsMs} ms`
    this.#options.onFault?.(text, { index, kind })
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
      case 'kill all':
        if (!this.#options.mayGoDown(node, kind)) return undefined
        for (const each of this.#options.nodes) this.#kill(each)
        return () => {
          for (const each of this.#options.nodes) this.#options.onUp(each)
        }
      case 'corruption':
        return this.#corrupt(node)
      case 'full disk':
        if (!world.isUp(node) || !this.#options.mayGoDown(node, kind)) return undefined
        world.failDisk(node, diskFull)
        return () => {
          world.failDisk(node, undefined)
          if (!world.isUp(node)) this.#options.onUp(node)
        }
      case 'time jump':
        world.jumpTime(this.#random.int(30 * 60_000))
        return () => undefined
      case 'clock skew':
        world.skewClock(node, this.#random.int(10_000) - 5000)
        return () => world.skewClock(node, 0)
    }
  }

  #kill(node: string): void {
    this.#world.crash(node, { keepsDisk: true })
    this.#options.onDown(node)
  }

  #corrupt(node: string): (() => void) | undefined {
    const { damage, mayGoDown, onUp } = this.#options
    if (!damage || !this.#world.isUp(node) || !mayGoDown(node, 'corruption')) return undefined
    this.#kill(node)
    damage(node)
    return () => onUp(node)
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

function diskFull(operation: DiskOperation, path: string): MillraceError | undefined {
  if (operation !== 'write') return undefined
  const remedy = 'free some space and start the broker again'
  return new MillraceError({ code: 'DISK_FULL', what: 'the disk is full', where: path, remedy })
}
