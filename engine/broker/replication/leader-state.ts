/**
 * What a leader knows of its followers, without I/O.
 *
 * | input                                    | effect                                                          |
 * |------------------------------------------|-----------------------------------------------------------------|
 * | fetch of a follower                      | its end offset; caught up now, or as of its previous fetch       |
 * | … at the high watermark and epoch start  | wanted in the in-sync set (AlterPartition)                      |
 * | no catching up for replica.lag.time.max  | wanted out of the in-sync set                                   |
 * | write, fetch or in-sync set changed      | high watermark: the least end offset of the widest in-sync set  |
 * | AlterPartition under way                 | the widest set is old ∪ new: what is acknowledged holds in both |
 */
export interface FollowerProgress {
  /** −1: has not fetched from this leader. */
  endOffset: number
  brokerEpoch: number
  /** When it last had everything. */
  caughtUpMs: number
  lastFetchMs: number
  leaderEndOffsetAtLastFetch: number
}

export class LeaderState {
  readonly leaderEpoch: number
  readonly epochStartOffset: number
  partitionEpoch: number
  isr: readonly number[]
  /** Asked for, not yet in the metadata. */
  pendingIsr: readonly number[] | undefined
  private readonly id: number
  private readonly followers = new Map<number, FollowerProgress>()

  constructor(
    id: number,
    state: {
      readonly leaderEpoch: number
      readonly partitionEpoch: number
      readonly isr: readonly number[]
      readonly replicas: readonly number[]
    },
    epochStartOffset: number,
    nowMs: number,
  ) {
    this.id = id
    this.leaderEpoch = state.leaderEpoch
    this.partitionEpoch = state.partitionEpoch
    this.isr = state.isr
    this.epochStartOffset = epochStartOffset
    this.followBy(state.replicas, nowMs)
  }

  /** The metadata's latest word within this leader epoch. */
  update(
    state: {
      readonly partitionEpoch: number
      readonly isr: readonly number[]
      readonly replicas: readonly number[]
    },
    nowMs: number,
  ): void {
    if (state.partitionEpoch <= this.partitionEpoch) return
    this.partitionEpoch = state.partitionEpoch
    this.isr = state.isr
    this.pendingIsr = undefined
    this.followBy(state.replicas, nowMs)
  }

  private followBy(replicas: readonly number[], nowMs: number): void {
    for (const id of this.followers.keys()) if (!replicas.includes(id)) this.followers.delete(id)
    for (const id of replicas) {
      if (id === this.id || this.followers.has(id)) continue
      this.followers.set(id, {
        endOffset: -1,
        brokerEpoch: -1,
        caughtUpMs: nowMs,
        lastFetchMs: nowMs,
        leaderEndOffsetAtLastFetch: 0,
      })
    }
  }

  progressOf(follower: number): FollowerProgress | undefined {
    return this.followers.get(follower)
  }

  followerFetched(
    follower: number,
    fetch: { readonly offset: number; readonly brokerEpoch: number },
    leaderEndOffset: number,
    nowMs: number,
  ): void {
    const progress = this.followers.get(follower)
    if (!progress) return
    if (fetch.offset >= leaderEndOffset) progress.caughtUpMs = nowMs
    else if (fetch.offset >= progress.leaderEndOffsetAtLastFetch) {
      progress.caughtUpMs = Math.max(progress.caughtUpMs, progress.lastFetchMs)
    }
    progress.endOffset = fetch.offset
    progress.brokerEpoch = fetch.brokerEpoch
    progress.lastFetchMs = nowMs
    progress.leaderEndOffsetAtLastFetch = leaderEndOffset
  }

  /** Whoever has everything up to now is caught up until now, however long ago it fetched: nothing came meanwhile. */
  beforeAppend(leaderEndOffset: number, nowMs: number): void {
    for (const progress of this.followers.values()) {
      if (progress.endOffset >= leaderEndOffset) progress.caughtUpMs = nowMs
    }
  }

  /** Followers outside the in-sync set. */
  outOfSync(): number[] {
    return [...this.followers.keys()].filter((id) => !this.isr.includes(id))
  }

  /**
   * Invariant 3: never beyond what every member of the in-sync set has, also of one that may soon hold. Stands still
   * while the set is smaller than `minInSync` (KIP-966).
   */
  highWatermark(current: number, ownEndOffset: number, minInSync: number): number {
    if (this.isr.length < minInSync) return current
    let least = ownEndOffset
    for (const member of this.widestIsr()) {
      if (member === this.id) continue
      least = Math.min(least, this.followers.get(member)?.endOffset ?? -1)
    }
    return Math.max(current, least)
  }

  /** The in-sync set with the follower, if it has earned its place and nothing else is under way. */
  expandedBy(follower: number, highWatermark: number): readonly number[] | undefined {
    const progress = this.followers.get(follower)
    if (!progress || this.pendingIsr || this.isr.includes(follower)) return undefined
    if (progress.endOffset < highWatermark || progress.endOffset < this.epochStartOffset) return undefined
    return [...this.isr, follower]
  }

  /** The in-sync set without those that have been behind for too long. */
  shrunk(leaderEndOffset: number, nowMs: number, lagMsMax: number): readonly number[] | undefined {
    if (this.pendingIsr) return undefined
    const inSync = this.isr.filter((member) => {
      const progress = this.followers.get(member)
      if (member === this.id || !progress) return member === this.id
      return progress.endOffset >= leaderEndOffset || nowMs - progress.caughtUpMs <= lagMsMax
    })
    return inSync.length < this.isr.length ? inSync : undefined
  }

  private widestIsr(): readonly number[] {
    return this.pendingIsr ? [...new Set([...this.isr, ...this.pendingIsr])] : this.isr
  }
}
