import { MillraceError } from '../../base/errors.ts'
import type { Environment, TimerHandle } from '../../environment/index.ts'
import { ClusterImage, type ImageChanges, noChanges } from './image.ts'
import { QuorumJournal } from './quorum-journal.ts'
import type { RaftEffects, RaftInput, RaftMessage } from './raft/messages.ts'
import { RaftNode } from './raft/node.ts'
import type { MetadataRecord } from './records.ts'

const entriesBetweenSnapshots = 5000

export interface QuorumOptions {
  readonly id: number
  readonly voters: readonly number[]
  readonly folder: string
  readonly electionTimeoutMs: number
  readonly send: (to: number, message: RaftMessage) => void
  /** After each gathering of committed entries. */
  readonly onCommitted: (changes: ImageChanges) => void
  readonly onRoleChanged: () => void
  /** The member can no longer keep its promises: its broker must stop. */
  readonly onFailed: (error: MillraceError) => void
}

/** As its leader sees it. Offsets are one past the last entry's index. */
export interface QuorumView {
  readonly leaderId: number
  readonly epoch: number
  readonly highWatermark: number
  readonly voters: readonly { readonly id: number; readonly logEndOffset: number }[]
}

/** One member of the quorum at work: steps the state machine, does what it says, applies what is committed. */
export class Quorum {
  /** Committed metadata. */
  readonly image: ClusterImage
  private readonly environment: Environment
  private readonly options: QuorumOptions
  private readonly journal: QuorumJournal
  private readonly raft: RaftNode
  private pending: RaftEffects[] = []
  private isWriting = false
  private isClosed = false
  private timer: TimerHandle | undefined
  private known = { role: '', leaderId: undefined as number | undefined, epoch: -1 }

  private constructor(
    environment: Environment,
    options: QuorumOptions,
    journal: QuorumJournal,
    raft: RaftNode,
  ) {
    this.environment = environment
    this.options = options
    this.journal = journal
    this.raft = raft
    this.image = ClusterImage.fromJson(raft.log.snapshot.image)
  }

  static async open(environment: Environment, options: QuorumOptions): Promise<Quorum> {
    const { journal, durable } = await QuorumJournal.open(environment, options.folder)
    const { id, voters, electionTimeoutMs } = options
    const raftOptions = { id, voters, electionTimeoutMs, heartbeatMs: Math.ceil(electionTimeoutMs / 5) }
    const raft = new RaftNode(raftOptions, durable, environment.random, environment.clock.monotonicMs())
    return new Quorum(environment, options, journal, raft)
  }

  start(): void {
    this.step({ kind: 'tick' })
  }

  get leaderId(): number | undefined {
    return this.raft.leaderId
  }

  get epoch(): number {
    return this.raft.epoch
  }

  get isLeader(): boolean {
    return this.raft.role === 'leader'
  }

  get nextIndex(): number {
    return this.raft.log.lastIndex + 1
  }

  get commitIndex(): number {
    return this.raft.commitIndex
  }

  /** Only while leading does it know of the others. */
  view(): QuorumView {
    const { id } = this.options
    return {
      leaderId: this.leaderId ?? -1,
      epoch: this.epoch,
      highWatermark: this.commitIndex + 1,
      voters: [{ id, logEndOffset: this.nextIndex }, ...this.raft.progress()],
    }
  }

  receive(from: number, message: RaftMessage): void {
    this.step({ kind: 'message', from, message })
  }

  peerLost(peer: number): void {
    this.step({ kind: 'peer-lost', peer })
  }

  /** Only while leading. Returns the entry's index; whether it is ever committed shows in `onCommitted`. */
  propose(records: readonly MetadataRecord[]): number {
    const index = this.nextIndex
    this.step({ kind: 'propose', payload: JSON.stringify(records) })
    return index
  }

  /** Whether the entry at this index is still the one that was appended in `epoch`. */
  holds(index: number, epoch: number): boolean {
    return this.raft.log.epochAt(index) === epoch || index <= this.raft.log.snapshot.index
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.timer?.cancel()
    await this.journal.close()
  }

  private step(input: RaftInput): void {
    if (this.isClosed) return
    const effects = this.raft.step(input, this.environment.clock.monotonicMs())
    this.pending.push(effects)
    if (!this.isWriting) void this.perform()
    this.settle()
  }

  /** Durable first, then sent; what comes up meanwhile is gathered for the next sync. */
  private async perform(): Promise<void> {
    this.isWriting = true
    try {
      while (this.pending.length > 0 && !this.isClosed) {
        const effects = this.pending
        this.pending = []
        if (effects.some((effect) => effect.vote || effect.store || effect.install)) {
          await this.journal.write(effects)
          if (this.isClosed) return
          this.confirm(effects)
        }
        for (const effect of effects) {
          for (const { to, message } of effect.send) this.options.send(to, message)
        }
      }
      await this.snapshotIfLong()
    } catch (thrown) {
      if (!this.isClosed) this.options.onFailed(MillraceError.from(thrown))
    } finally {
      this.isWriting = false
    }
    if (this.pending.length > 0 && !this.isClosed) void this.perform()
  }

  private confirm(effects: readonly RaftEffects[]): void {
    for (const { store } of effects) {
      if (!store) continue
      const index = store.fromIndex + store.entries.length - 1
      this.step({ kind: 'persisted', index, epoch: store.entries.at(-1)!.epoch })
    }
  }

  private async snapshotIfLong(): Promise<void> {
    const { log } = this.raft
    if (this.image.index - log.snapshot.index < entriesBetweenSnapshots) return
    const { index } = this.image
    const snapshot = { index, epoch: log.epochAt(index)!, image: this.image.toJson() }
    const after = log.from(index + 1, Number.MAX_SAFE_INTEGER)
    await this.journal.restart(snapshot, after)
    this.step({ kind: 'compacted', snapshot })
  }

  private settle(): void {
    this.arm()
    this.applyCommitted()
    const { role, leaderId, epoch } = this.raft
    const { known } = this
    if (role === known.role && leaderId === known.leaderId && epoch === known.epoch) return
    this.known = { role, leaderId, epoch }
    this.options.onRoleChanged()
  }

  private arm(): void {
    this.timer?.cancel()
    const waitMs = this.raft.deadlineMs - this.environment.clock.monotonicMs()
    this.timer = this.environment.timers.after(Math.max(1, waitMs), () => this.step({ kind: 'tick' }))
  }

  private applyCommitted(): void {
    const { log, commitIndex } = this.raft
    if (commitIndex <= this.image.index) return
    const changes = noChanges()
    if (this.image.index < log.snapshot.index)
      this.image.replaceBy(ClusterImage.fromJson(log.snapshot.image), changes)
    while (this.image.index < commitIndex) {
      const index = this.image.index + 1
      const { payload } = log.entry(index)
      this.image.index = index
      if (payload === '') continue
      for (const record of JSON.parse(payload) as MetadataRecord[]) this.image.apply(record, changes)
    }
    this.options.onCommitted(changes)
  }
}
