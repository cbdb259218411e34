export interface EpochStart {
  readonly leaderEpoch: number
  readonly startOffset: number
}

export interface EpochEnd {
  readonly leaderEpoch: number
  /** Exclusive. */
  readonly endOffset: number
}

/** Which leader epoch began at which offset; both grow. Followers truncate by it (KIP-101, KIP-279). */
export class LeaderEpochs {
  #starts: EpochStart[]

  constructor(starts: readonly EpochStart[] = []) {
    this.#starts = [...starts]
  }

  get latest(): number | undefined {
    return this.#starts.at(-1)?.leaderEpoch
  }

  list(): readonly EpochStart[] {
    return this.#starts
  }

  /** Notes that an epoch begins at an offset; what an older leader claimed from there on goes. */
  assign(leaderEpoch: number, startOffset: number): void {
    const { latest } = this
    if (latest !== undefined && leaderEpoch <= latest) return
    this.truncateFromEnd(startOffset)
    this.#starts.push({ leaderEpoch, startOffset })
  }

  /**
   * Where the asked epoch, or the last one before it, ends in this log. Undefined for an epoch that is newer than all
   * known here.
   */
  endOffsetFor(leaderEpoch: number, logEndOffset: number): EpochEnd | undefined {
    const { latest } = this
    if (latest === undefined || leaderEpoch > latest) return undefined
    if (leaderEpoch === latest) return { leaderEpoch, endOffset: logEndOffset }
    const next = this.#starts.findIndex((start) => start.leaderEpoch > leaderEpoch)
    const floor = this.#starts[next - 1]?.leaderEpoch ?? leaderEpoch
    return { leaderEpoch: floor, endOffset: this.#starts[next]!.startOffset }
  }

  /** Forgets epochs that begin at or behind the offset. */
  truncateFromEnd(offset: number): void {
    while (this.#starts.length > 0 && this.#starts.at(-1)!.startOffset >= offset) this.#starts.pop()
  }

  /** Forgets epochs that ended before the offset; the one in force at it then begins there. */
  truncateFromStart(offset: number): void {
    const inForce = this.#starts.findLast((start) => start.startOffset <= offset)
    if (!inForce) return
    const later = this.#starts.filter((start) => start.startOffset > offset)
    this.#starts = [{ leaderEpoch: inForce.leaderEpoch, startOffset: offset }, ...later]
  }

  clear(): void {
    this.#starts = []
  }
}
