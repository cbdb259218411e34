import { assert } from '../../base/assert.ts'
import type { MillraceError } from '../../base/errors.ts'
import type { Environment } from '../../environment/index.ts'
import type { LeaderAppendOptions } from '../../log/append.ts'
import type { LogConfig } from '../../log/log-config.ts'
import { PartitionLog } from '../../log/partition-log.ts'
import type { TailMemory } from '../../log/tail-memory.ts'
import type { PartitionState } from '../controller/records.ts'
import { LeaderState } from './leader-state.ts'

/** What a replica tells its broker. */
export interface ReplicaEvents {
  /** Records were appended: followers may fetch them. */
  appended(replica: Replica): void
  /** The high watermark or the written end moved, or the role changed: who waits may look again. */
  progressed(replica: Replica): void
  isrWanted(replica: Replica, isr: readonly number[]): void
  failed(replica: Replica, error: MillraceError): void
}

export interface ReplicaOptions {
  readonly brokerId: number
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  readonly folder: string
  readonly config: LogConfig
  readonly minInSync: number
  readonly memory: TailMemory
  /** As saved before the broker started. */
  readonly highWatermark: number
}

/** One replica of a partition on this broker: its log, its role, its high watermark. */
export class Replica {
  readonly topicId: string
  readonly topic: string
  readonly partition: number
  /** Unique among topics of the same name, too. */
  readonly key: string
  readonly opened: Promise<void>
  highWatermark: number
  minInSync: number
  /** While this broker leads the partition. */
  leader: LeaderState | undefined
  /** The latest metadata that was acted upon. */
  state: PartitionState | undefined
  private leaderHighWatermark = 0
  private readonly environment: Environment
  private readonly options: ReplicaOptions
  private readonly events: ReplicaEvents
  private config: LogConfig
  private openLog: PartitionLog | undefined
  private changesUnderWay = 0
  private idleWaiters: (() => void)[] = []

  constructor(environment: Environment, options: ReplicaOptions, events: ReplicaEvents) {
    this.environment = environment
    this.options = options
    this.events = events
    this.topicId = options.topicId
    this.topic = options.topic
    this.partition = options.partition
    this.key = replicaKey(options.topicId, options.partition)
    this.highWatermark = options.highWatermark
    this.minInSync = options.minInSync
    this.config = options.config
    this.opened = this.open()
  }

  get isOpen(): boolean {
    return this.openLog !== undefined
  }

  get log(): PartitionLog {
    assert(this.openLog !== undefined, `the log of ${this.name} is not open`)
    return this.openLog
  }

  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  get leaderEpoch(): number {
    return this.state?.leaderEpoch ?? -1
  }

  /** Exclusive end of what readers of committed data may see. */
  get lastStableOffset(): number {
    return this.log.lastStableOffset(this.highWatermark)
  }

  /** As a follower: what the leader had replicated, as of the last fetch, and this log has not. */
  get lagRecords(): number {
    return this.leader ? 0 : Math.max(0, this.leaderHighWatermark - this.log.logEndOffset)
  }

  /** In-sync replicas that a write needs: never more than there are replicas. */
  get minInSyncEffective(): number {
    return Math.min(this.minInSync, this.state?.replicas.length ?? 1)
  }

  /** True while the log is being cut: until it is done the replica keeps its role. */
  get isChanging(): boolean {
    return this.changesUnderWay > 0
  }

  /** Cuts the log, as a follower does; whoever wants to give the replica another role waits. */
  async change(cut: (log: PartitionLog) => Promise<void>): Promise<void> {
    this.changesUnderWay++
    try {
      await cut(this.log)
    } finally {
      this.changesUnderWay--
      if (!this.isChanging) for (const tell of this.idleWaiters.splice(0)) tell()
    }
  }

  onceUnchanging(tell: () => void): void {
    this.idleWaiters.push(tell)
  }

  /** Takes the role that the metadata gives. Older metadata changes nothing. */
  become(state: PartitionState): void {
    if (this.state && state.partitionEpoch <= this.state.partitionEpoch) return
    const isNewEpoch = state.leaderEpoch !== this.state?.leaderEpoch
    this.state = state
    const { brokerId } = this.options
    if (state.leader !== brokerId) this.leader = undefined
    else if (isNewEpoch || !this.leader) this.lead(state)
    else this.leader.update(state, this.environment.clock.monotonicMs())
    this.advanceHighWatermark()
    this.reconsiderIsr()
    this.events.progressed(this)
  }

  /** @throws MillraceError as `PartitionLog.appendAsLeader` does */
  append(records: Buffer, options: LeaderAppendOptions = {}) {
    this.leader?.beforeAppend(this.log.logEndOffset, this.environment.clock.monotonicMs())
    const result = this.log.appendAsLeader(records, this.leaderEpoch, options)
    if (!result.isDuplicate) this.events.appended(this)
    return result
  }

  followerFetched(follower: number, offset: number, brokerEpoch: number): void {
    const { leader } = this
    if (!leader) return
    const nowMs = this.environment.clock.monotonicMs()
    leader.followerFetched(follower, { offset, brokerEpoch }, this.log.logEndOffset, nowMs)
    this.considerExpansion(leader, follower)
    this.advanceHighWatermark()
  }

  /** Whether a follower has earned its place may depend on more than its fetches, and an idle one does not repeat them. */
  reconsiderIsr(): void {
    const { leader } = this
    for (const follower of leader?.outOfSync() ?? []) this.considerExpansion(leader!, follower)
  }

  private considerExpansion(leader: LeaderState, follower: number): void {
    const expanded = leader.expandedBy(follower, this.highWatermark)
    if (expanded) this.events.isrWanted(this, expanded)
  }

  shrinkIfLagging(lagMsMax: number): void {
    const nowMs = this.environment.clock.monotonicMs()
    const shrunk = this.leader?.shrunk(this.log.logEndOffset, nowMs, lagMsMax)
    if (shrunk) this.events.isrWanted(this, shrunk)
  }

  /** Counts only what is written here: acknowledged records outlive the process. */
  advanceHighWatermark(): void {
    if (!this.leader) return
    const written = this.log.writtenEndOffset
    const next = this.leader.highWatermark(this.highWatermark, written, this.minInSyncEffective)
    if (next === this.highWatermark) return
    this.moveHighWatermark(next)
  }

  /** What the leader said, as far as this log reaches. */
  followHighWatermark(leaderHighWatermark: number): void {
    this.leaderHighWatermark = leaderHighWatermark
    const next = Math.min(leaderHighWatermark, this.log.logEndOffset)
    if (next > this.highWatermark) this.moveHighWatermark(next)
  }

  private moveHighWatermark(next: number): void {
    this.highWatermark = next
    // The log forgets which transactions could still have been undone.
    this.log.lastStableOffset(next)
    this.events.progressed(this)
  }

  /** The end of the log's last epoch, as a follower claims it. −1: an empty log. */
  get lastEpoch(): number {
    return this.log.leaderEpochs.latest ?? -1
  }

  /** The leader epoch under which the offset was, or will be, written. */
  epochAt(offset: number): number {
    const start = this.log.leaderEpochs.list().findLast(({ startOffset }) => startOffset <= offset)
    return start?.leaderEpoch ?? -1
  }

  configure(config: LogConfig, minInSync: number): void {
    this.minInSync = minInSync
    this.config = config
    if (this.openLog) this.openLog.config = config
    this.advanceHighWatermark()
  }

  async close(options: { clean: boolean }): Promise<void> {
    await this.opened
    this.leader = undefined
    await this.openLog?.close(options)
  }

  async abandon(): Promise<void> {
    this.leader = undefined
    await this.openLog?.abandon()
  }

  async remove(): Promise<void> {
    await this.opened
    this.leader = undefined
    await this.openLog?.remove()
  }

  private async open(): Promise<void> {
    const { folder, memory } = this.options
    const { config } = this
    try {
      const log = await PartitionLog.open(this.environment, folder, { name: this.name, config, memory })
      log.onWritten(() => this.wroteBehind())
      log.onFailed((error) => this.events.failed(this, error))
      this.highWatermark = Math.max(log.logStartOffset, Math.min(this.highWatermark, log.logEndOffset))
      log.config = this.config
      this.openLog = log
    } catch (thrown) {
      this.events.failed(this, thrown as MillraceError)
    }
  }

  private wroteBehind(): void {
    const before = this.highWatermark
    this.advanceHighWatermark()
    if (this.highWatermark === before && this.leader) this.events.progressed(this)
  }

  private lead(state: PartitionState): void {
    const { log } = this
    log.assignEpoch(state.leaderEpoch)
    const nowMs = this.environment.clock.monotonicMs()
    this.leader = new LeaderState(this.options.brokerId, state, log.logEndOffset, nowMs)
  }
}

export function replicaKey(topicId: string, partition: number): string {
  return `${topicId}:${partition}`
}
