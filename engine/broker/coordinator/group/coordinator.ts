import { MillraceError } from '../../../base/errors.ts'
import type { Environment, TimerHandle } from '../../../environment/index.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { ClusterImage } from '../../controller/image.ts'
import { offsetsTopic } from '../../controller/topic-names.ts'
import type { Purgatory } from '../../purgatory/purgatory.ts'
import type { Replica } from '../../replication/replica.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import { ConsumerGroups } from '../consumer-group/coordinator.ts'
import type { ConsumerGroup } from '../consumer-group/group.ts'
import { commitFault } from '../consumer-group/machine.ts'
import {
  type Group,
  type GroupInput,
  type GroupOutput,
  type JoinAnswer,
  type JoinRequest,
  type LeavingMember,
  type MemberClaim,
  newGroup,
  type SyncAnswer,
  type SyncRequest,
} from './group.ts'
import { groupDeadlineMs, stepGroup } from './group-machine.ts'
import { GroupRemoval } from './group-removal.ts'
import { OffsetCommits } from './offset-commits.ts'
import { partitionOfGroup } from './partition-of-group.ts'
import { GroupShard } from './shard.ts'
import { ShardWriter } from './shard-writer.ts'
import { groupRecord, type StoredRecord } from './stored-records.ts'

export interface CoordinatorOptions {
  readonly brokerId: number
  readonly image: ClusterImage
  readonly settings: BrokerSettings
  readonly purgatory: Purgatory
}

/** `DistributiveOmit`: each kind of input without its ticket. */
type Asking = GroupInput extends infer I ? (I extends { ticket: number } ? Omit<I, 'ticket'> : never) : never
type Reply = Exclude<GroupOutput, { kind: 'store' }>

interface WaitingReply {
  readonly shard: GroupShard
  /** Undefined: this broker has stopped being the coordinator. */
  readonly resolve: (reply: Reply | undefined) => void
}

const retryMs = 500

/** The groups whose partition of `__consumer_offsets` this broker leads. */
export class GroupCoordinator {
  private readonly environment: Environment
  private readonly options: CoordinatorOptions
  readonly consumerGroups: ConsumerGroups
  readonly offsets: OffsetCommits
  readonly removal: GroupRemoval
  private readonly writer: ShardWriter
  private readonly shards = new Map<number, GroupShard>()
  private readonly waiting = new Map<number, WaitingReply>()
  private lastTicket = 0
  private timer: TimerHandle | undefined
  private timerMs = Number.POSITIVE_INFINITY
  private isClosed = false

  constructor(environment: Environment, options: CoordinatorOptions) {
    this.environment = environment
    this.options = options
    this.writer = new ShardWriter(environment, options)
    const lent = {
      ...options,
      writer: this.writer,
      shardOf: (groupId: string) => this.shardOf(groupId),
      servedShards: () => this.servedShards(),
      isServing: (shard: GroupShard) => this.isServing(shard),
    }
    this.consumerGroups = new ConsumerGroups(environment, lent)
    this.offsets = new OffsetCommits(environment, {
      ...lent,
      claimFault: (...claim) => this.claimFault(...claim),
    })
    const { offsets, consumerGroups } = this
    this.removal = new GroupRemoval(environment, { ...lent, offsets, consumerGroups })
  }

  roleChanged(replica: Replica): void {
    if (replica.topic !== offsetsTopic || this.isClosed) return
    const before = this.shards.get(replica.partition)
    if (before && before.replica === replica && before.isCurrent) return
    if (before) this.unload(replica.partition, before)
    if (!replica.leader) return
    const shard = new GroupShard(replica)
    this.shards.set(replica.partition, shard)
    void this.load(shard)
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
    this.consumerGroups.close()
    this.removal.close()
    for (const [partition, shard] of this.shards) this.unload(partition, shard)
  }

  async join(groupId: string, request: JoinRequest): Promise<JoinAnswer> {
    const refuse = (error: ErrorName): JoinAnswer => ({ ...refusedJoin, error, memberId: request.memberId })
    const fault = this.joinFault(groupId, request)
    if (fault) return refuse(fault)
    const entered = await this.consumerGroups.makeWay(groupId, (shard) => {
      if (!shard.groups.has(groupId)) {
        if (request.memberId !== '') return { reply: undefined }
        shard.groups.set(groupId, newGroup(groupId, this.nowMs()))
      }
      return { reply: this.ask(shard, groupId, { kind: 'join', request }) }
    })
    if (typeof entered === 'string') return refuse(entered)
    if (!entered.reply) return refuse('UNKNOWN_MEMBER_ID')
    const reply = await entered.reply
    return reply?.kind === 'joined' ? reply.answer : refuse('NOT_COORDINATOR')
  }

  async sync(groupId: string, request: SyncRequest): Promise<SyncAnswer> {
    const refuse = (error: ErrorName): SyncAnswer => ({
      error,
      protocolType: null,
      protocolName: null,
      assignment: Buffer.alloc(0),
    })
    const shard = this.shardOf(groupId)
    if (typeof shard === 'string') {
      return refuse(shard === 'COORDINATOR_LOAD_IN_PROGRESS' ? 'REBALANCE_IN_PROGRESS' : shard)
    }
    if (!shard.groups.has(groupId)) return refuse('UNKNOWN_MEMBER_ID')
    const reply = await this.ask(shard, groupId, { kind: 'sync', request })
    return reply?.kind === 'synced' ? reply.answer : refuse('NOT_COORDINATOR')
  }

  async heartbeat(groupId: string, claim: MemberClaim): Promise<ErrorName> {
    const shard = this.shardOf(groupId)
    // While loading nobody can be told to join again: the member is left in peace.
    if (shard === 'COORDINATOR_LOAD_IN_PROGRESS') return 'NONE'
    if (typeof shard === 'string') return shard
    if (!shard.groups.has(groupId)) return 'UNKNOWN_MEMBER_ID'
    const reply = await this.ask(shard, groupId, { kind: 'heartbeat', claim })
    return reply?.kind === 'answered' ? reply.error : 'NOT_COORDINATOR'
  }

  /** The group's error, or one for each member. */
  async leave(groupId: string, members: readonly LeavingMember[]): Promise<ErrorName | readonly ErrorName[]> {
    const shard = this.shardOf(groupId)
    if (typeof shard === 'string') return shard
    if (!shard.groups.has(groupId)) return members.map(() => 'UNKNOWN_MEMBER_ID')
    const reply = await this.ask(shard, groupId, { kind: 'leave', members })
    return reply?.kind === 'left' ? reply.errors : 'NOT_COORDINATOR'
  }

  /** Of the new protocol; undefined: there is no such group. */
  consumerGroup(groupId: string): ConsumerGroup | undefined | ErrorName {
    const shard = this.shardOf(groupId)
    return typeof shard === 'string' ? shard : shard.consumerGroups.get(groupId)
  }

  /** Undefined: there is no such group. A group that only has offsets is an empty one. */
  describe(groupId: string): Group | undefined | ErrorName {
    const shard = this.shardOf(groupId)
    if (typeof shard === 'string') return shard
    const group = shard.groups.get(groupId)
    if (group || shard.consumerGroups.has(groupId)) return group
    return shard.offsets.has(groupId) ? newGroup(groupId, this.nowMs()) : undefined
  }

  /** An error while any of the shards is loading: the list would lack its groups. */
  list(): readonly (Group | ConsumerGroup)[] | ErrorName {
    const groups: (Group | ConsumerGroup)[] = []
    for (const shard of this.shards.values()) {
      if (!shard.isCurrent) continue
      if (!shard.isLoaded) return 'COORDINATOR_LOAD_IN_PROGRESS'
      groups.push(...shard.groups.values(), ...shard.consumerGroups.values())
      for (const groupId of shard.offsets.keys()) {
        if (!shard.groups.has(groupId) && !shard.consumerGroups.has(groupId))
          groups.push(newGroup(groupId, this.nowMs()))
      }
    }
    return groups
  }

  private joinFault(groupId: string, request: JoinRequest): ErrorName | undefined {
    const { settings } = this.options
    if (groupId === '') return 'INVALID_GROUP_ID'
    const isShort = request.sessionTimeoutMs < settings.number('group.min.session.timeout.ms')
    const isLong = request.sessionTimeoutMs > settings.number('group.max.session.timeout.ms')
    return isShort || isLong ? 'INVALID_SESSION_TIMEOUT' : undefined
  }

  private shardOf(groupId: string): GroupShard | ErrorName {
    if (groupId === '') return 'INVALID_GROUP_ID'
    const topic = this.options.image.topics.get(offsetsTopic)
    if (this.isClosed || !topic) return 'COORDINATOR_NOT_AVAILABLE'
    const shard = this.shards.get(partitionOfGroup(groupId, topic.partitions.length))
    if (!shard?.isCurrent) return 'NOT_COORDINATOR'
    return shard.isLoaded ? shard : 'COORDINATOR_LOAD_IN_PROGRESS'
  }

  /** Until it succeeds or is not asked for any more: without it none of the shard's groups is served. */
  private async load(shard: GroupShard): Promise<void> {
    const { clock, log, timers, codecs } = this.environment
    const note = (level: 'warn' | 'error', what: string) =>
      log.write(level, `broker-${this.options.brokerId}`, `${shard.replica.name}: ${what}`)
    while (this.isServing(shard)) {
      try {
        await shard.load(codecs, {
          nowMs: () => this.nowMs(),
          wallMs: () => clock.nowMs(),
          onUnreadable: (offset, what) =>
            note('warn', `the record at offset ${offset} is passed over: ${what}`),
        })
        if (!this.isServing(shard)) return
        this.arm()
        this.consumerGroups.loaded(shard)
        this.offsets.loaded(shard)
        return
      } catch (thrown) {
        if (!this.isServing(shard)) return
        note('error', `its groups cannot be loaded yet: ${MillraceError.from(thrown).what}`)
      }
      await timers.sleep(retryMs)
    }
  }

  /** Of both protocols, that are served here. */
  get groupCount(): number {
    let count = 0
    for (const { groups, consumerGroups } of this.servedShards()) {
      count += new Set([...groups.keys(), ...consumerGroups.keys()]).size
    }
    return count
  }

  private *servedShards(): Generator<GroupShard> {
    for (const shard of this.shards.values()) if (shard.isLoaded && this.isServing(shard)) yield shard
  }

  private async claimFault(
    shard: GroupShard,
    groupId: string,
    claim: MemberClaim,
    makesGroup: boolean,
  ): Promise<ErrorName> {
    const consumerGroup = shard.consumerGroups.get(groupId)
    // One of the two has members at most, and speaks for the name.
    if (consumerGroup && !shard.groups.get(groupId)?.members.size)
      return commitFault(consumerGroup, claim.memberId, claim.generation)
    if (!shard.groups.has(groupId)) {
      if (claim.generation >= 0 || !makesGroup) return 'ILLEGAL_GENERATION'
      shard.groups.set(groupId, newGroup(groupId, this.nowMs()))
    }
    const reply = await this.ask(shard, groupId, { kind: 'commit', claim })
    return reply?.kind === 'answered' ? reply.error : 'NOT_COORDINATOR'
  }

  private isServing(shard: GroupShard): boolean {
    return !this.isClosed && shard.isCurrent && this.shards.get(shard.replica.partition) === shard
  }

  private ask(shard: GroupShard, groupId: string, asking: Asking): Promise<Reply | undefined> {
    const ticket = ++this.lastTicket
    return new Promise((resolve) => {
      this.waiting.set(ticket, { shard, resolve })
      this.step(shard, groupId, { ...asking, ticket })
    })
  }

  private step(shard: GroupShard, groupId: string, input: GroupInput): void {
    const group = shard.groups.get(groupId)
    if (!group) return
    const { settings } = this.options
    const limits = {
      initialDelayMs: settings.number('group.initial.rebalance.delay.ms'),
      sizeMax: settings.number('group.max.size'),
    }
    const outputs = stepGroup(group, input, this.nowMs(), limits)
    this.armFor(groupDeadlineMs(group))
    for (const output of outputs) {
      if (output.kind === 'store') void this.store(shard, group, output.generation, output.assignments)
      else this.reply(output)
    }
    // Whoever only commits offsets makes a group too: an empty one.
    const isKept = input.kind === 'commit' || shard.offsets.has(groupId) || !isUnused(group)
    if (!isKept && shard.groups.get(groupId) === group) shard.groups.delete(groupId)
  }

  private reply(reply: Reply): void {
    const waiting = this.waiting.get(reply.ticket)
    this.waiting.delete(reply.ticket)
    waiting?.resolve(reply)
  }

  private async store(
    shard: GroupShard,
    group: Group,
    generation: number,
    assignments: ReadonlyMap<string, Buffer>,
  ): Promise<void> {
    const record = groupRecord(group, assignments, this.environment.clock.nowMs())
    const error = await this.write(shard, [record])
    if (this.isServing(shard)) this.step(shard, group.groupId, { kind: 'stored', generation, error })
  }

  private write(shard: GroupShard, records: readonly StoredRecord[]): Promise<ErrorName> {
    if (!this.isServing(shard)) return Promise.resolve('NOT_COORDINATOR')
    return this.writer.write(shard, records)
  }

  private unload(partition: number, shard: GroupShard): void {
    this.shards.delete(partition)
    for (const [ticket, waiting] of this.waiting) {
      if (waiting.shard !== shard) continue
      this.waiting.delete(ticket)
      waiting.resolve(undefined)
    }
  }

  private nowMs(): number {
    return this.environment.clock.monotonicMs()
  }

  /** Looks for the earliest deadline of all groups. */
  private arm(): void {
    let deadlineMs = Number.POSITIVE_INFINITY
    for (const shard of this.shards.values()) {
      for (const group of shard.groups.values()) deadlineMs = Math.min(deadlineMs, groupDeadlineMs(group))
    }
    this.armFor(deadlineMs)
  }

  private armFor(deadlineMs: number): void {
    if (deadlineMs >= this.timerMs || this.isClosed) return
    this.timer?.cancel()
    this.timerMs = deadlineMs
    this.timer = this.environment.timers.after(Math.max(1, deadlineMs - this.nowMs()), () => this.tick())
  }

  private tick(): void {
    this.timerMs = Number.POSITIVE_INFINITY
    const nowMs = this.nowMs()
    for (const shard of this.shards.values()) {
      if (!shard.isLoaded || !shard.isCurrent) continue
      for (const group of shard.groups.values()) {
        if (groupDeadlineMs(group) <= nowMs) this.step(shard, group.groupId, { kind: 'tick' })
      }
    }
    this.arm()
  }
}

/** Made for somebody who was refused, or who did not come back: it never was a group. */
function isUnused({ generation, members, pending }: Group): boolean {
  return generation === 0 && members.size === 0 && pending.size === 0
}

const refusedJoin: Omit<JoinAnswer, 'error' | 'memberId'> = {
  generation: -1,
  protocolType: null,
  protocolName: null,
  leaderId: '',
  skipAssignment: false,
  members: [],
}
