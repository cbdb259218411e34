import type { Environment } from '../../../engine/environment/index.ts'
import type { World } from '../../../engine/sim/index.ts'
import type { Findings } from '../checks/findings.ts'
import type { SimCluster } from '../sim-cluster.ts'

/** Clients of one kind at work. */
export interface Load {
  /** How often each kind of operation came to its end. */
  readonly operations: Readonly<Record<string, number>>
  /** What no client should ever see. */
  readonly failures: readonly string[]
  /** Begins nothing new. */
  stop(): void
  isDone(): boolean
  /** After all has healed: what only this load can know. */
  verify?(): Promise<void> | void
}

export interface LoadContext {
  readonly world: World
  readonly cluster: SimCluster
  readonly findings: Findings
  /** Of the machine that clients run on; it never goes down. */
  readonly environment: Environment
  /** A line of the transcript. */
  readonly tell: (line: string) => void
}

export class Counts {
  readonly counts: Record<string, number> = {}

  add(kind: string, count = 1): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + count
  }
}
