import type { MillraceError } from '../base/errors.ts'
import type { Random } from '../environment/index.ts'
import type { Actor } from './actor.ts'
import { DiskContent } from './disk-content.ts'

export type DiskOperation = 'open' | 'read' | 'write' | 'sync' | 'rename' | 'remove'

/** A machine: what outlives the processes on it, and what ails it. */
export class SimNode {
  readonly name: string
  readonly random: Random
  readonly disk: DiskContent
  /** The life it leads; none while it is down. */
  actor: Actor | undefined
  lives = 0
  pausedUntilMs = 0
  clockSkewMs = 0
  /** Multiplies the time that each disk operation takes. */
  diskSlowness = 1
  diskFault: ((operation: DiskOperation, path: string) => MillraceError | undefined) | undefined

  constructor(name: string, random: Random) {
    this.name = name
    this.random = random
    this.disk = new DiskContent()
  }
}
