import { assert } from '../../../base/assert.ts'
import type { RaftEntry, RaftSnapshot } from './messages.ts'

/** The quorum's log in memory: a snapshot and the entries after it. Indexes count from 1; 0 is before the first. */
export class RaftLog {
  snapshot: RaftSnapshot
  private entries: RaftEntry[]

  constructor(snapshot: RaftSnapshot | undefined, entries: readonly RaftEntry[]) {
    this.snapshot = snapshot ?? { index: 0, epoch: 0, image: '' }
    this.entries = [...entries]
  }

  get lastIndex(): number {
    return this.snapshot.index + this.entries.length
  }

  get lastEpoch(): number {
    return this.epochAt(this.lastIndex)!
  }

  /** Undefined where the log has nothing, or only a snapshot past it. */
  epochAt(index: number): number | undefined {
    if (index === this.snapshot.index) return this.snapshot.epoch
    return this.entries[index - this.snapshot.index - 1]?.epoch
  }

  entry(index: number): RaftEntry {
    const found = this.entries[index - this.snapshot.index - 1]
    assert(found !== undefined, `no entry ${index} in the quorum's log`)
    return found
  }

  from(index: number, countMax: number): RaftEntry[] {
    const start = index - this.snapshot.index - 1
    assert(start >= 0, `entry ${index} is only in the snapshot`)
    return this.entries.slice(start, start + countMax)
  }

  append(entry: RaftEntry): number {
    this.entries.push(entry)
    return this.lastIndex
  }

  truncateFrom(index: number): void {
    assert(index > this.snapshot.index, 'a snapshot is never truncated')
    this.entries.length = Math.min(this.entries.length, index - this.snapshot.index - 1)
  }

  /** Lets the entries up to the snapshot go. */
  compact(snapshot: RaftSnapshot): void {
    if (snapshot.index <= this.snapshot.index) return
    this.entries = this.entries.slice(snapshot.index - this.snapshot.index)
    this.snapshot = snapshot
  }

  /** Starts anew from a leader's snapshot. */
  reset(snapshot: RaftSnapshot): void {
    this.snapshot = snapshot
    this.entries = []
  }

  /** The last index at or before `index` whose epoch is at most `epoch`. */
  lastIndexOfEpoch(epoch: number, index: number): number {
    let at = Math.min(index, this.lastIndex)
    while (at > this.snapshot.index && this.epochAt(at)! > epoch) at--
    return at
  }
}
