import type { Environment, TimerHandle } from '../../../environment/index.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { ClusterImage } from '../../controller/image.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import type { GroupShard } from '../group/shard.ts'
import type { ShardWriter } from '../group/shard-writer.ts'
import { groupTombstone } from '../group/stored-records.ts'
import { type ConsumerGroup, newConsumerGroup } from './group.ts'
import {
  type GroupContext,
  type HeartbeatAnswer,
  heartbeat,
  joinEpoch,
  type MemberHeartbeat,
  preferredAssignor,
  requestFault,
  topicsOf,
  withoutMember,
} from './machine.ts'
import type { Partitions } from './partitions.ts'
import { recordsBetween } from './stored-group.ts'
import { TopicPatterns } from './topic-patterns.ts'

/** What the coordinator of all groups lends to that of the new protocol's. */
export interface ConsumerGroupsOptions {
  readonly image: ClusterImage
  readonly settings: BrokerSettings
  readonly writer: ShardWriter
  shardOf(groupId: string): GroupShard | ErrorName
  /** Whether the shard is still the one to write to. */
  isServing(shard: GroupShard): boolean
}

/** Not stored: after a change of coordinator they begin anew. */
interface Deadlines {
  readonly sessionMs: number
  /** By when it has to have let go what it is to let go. */
  readonly rebalanceMs: number
  readonly pendingRevocation: Partitions
}

/** Groups of the new protocol (KIP-848) at work: one step at a time for each, stored before it is answered. */
export class ConsumerGroups {
  private readonly environment: Environment
  private readonly options: ConsumerGroupsOptions
  /** The last step of each group that has not ended yet. */
  private readonly turns = new Map<string, Promise<unknown>>()
  private readonly deadlines = new WeakMap<GroupShard, Map<string, Map<string, Deadlines>>>()
  /** Groups whose last step is in the log, and was not acknowledged. */
  private readonly unsure = new WeakMap<GroupShard, Set<string>>()
  private readonly watched = new Set<GroupShard>()
  private readonly patterns: TopicPatterns
  private timer: TimerHandle | undefined
  private timerMs = Number.POSITIVE_INFINITY
  private isClosed = false

  constructor(environment: Environment, options: ConsumerGroupsOptions) {
    this.environment = environment
    this.options = options
    this.patterns = new TopicPatterns(options.image)
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  /** Its members' sessions begin now, as if everyone had just been heard of. */
  loaded(shard: GroupShard): void {
    // The timer forgets them too, but where nobody is a member it never rings.
    for (const other of this.watched) if (!this.options.isServing(other)) this.watched.delete(other)
    this.watched.add(shard)
    for (const group of shard.consumerGroups.values()) {
      for (const memberId of group.members.keys()) this.extend(shard, group, memberId)
    }
  }

  get assignors(): readonly string[] {
    return this.options.settings.list('group.consumer.assignors')
  }

  assignorOf(group: ConsumerGroup): string {
    return preferredAssignor(group, this)
  }

  /** Names of all that its members subscribe to. */
  topicsOf(group: ConsumerGroup): ReadonlySet<string> {
    const context = this.context()
    return new Set([...group.members.values()].flatMap((member) => topicsOf(member, context)))
  }

  heartbeat(groupId: string, request: MemberHeartbeat): Promise<HeartbeatAnswer> {
    const refuse = (error: ErrorName, message?: string): HeartbeatAnswer => {
      return { error, message, memberId: request.memberId, memberEpoch: request.memberEpoch }
    }
    if (groupId.trim() === '') {
      return Promise.resolve(refuse('INVALID_REQUEST', "GroupId can't be empty."))
    }
    return this.inTurn(groupId, async () => {
      const shard = this.options.shardOf(groupId)
      if (typeof shard === 'string') return refuse(shard)
      const known = shard.consumerGroups.get(groupId)
      const fault = known ? undefined : requestFault(request, this.context())
      if (fault) return refuse(fault.error, fault.message)
      if (!known && (request.memberEpoch !== joinEpoch || shard.groups.get(groupId)?.members.size)) {
        return refuse('GROUP_ID_NOT_FOUND', `Consumer group ${groupId} not found.`)
      }
      const { group, answer } = heartbeat(known ?? newConsumerGroup(groupId), request, this.context())
      if (answer.error !== 'NONE') return answer
      const error = await this.put(shard, known, group)
      // Also where the answer is lost: who is in the group is in it.
      if (shard.consumerGroups.get(groupId) === group) this.extend(shard, group, answer.memberId)
      return error === 'NONE' ? answer : refuse(error)
    })
  }

  /**
   * Lets a member of the classic protocol in: a step that is under way decides first whose group it is, and one without
   * members gives its place up. An error while there are members, or where it cannot be stored.
   * @param enter called as soon as nothing of the new protocol is in the way; whatever it waits for is no part of the turn
   */
  async makeWay<T extends object>(groupId: string, enter: (shard: GroupShard) => T): Promise<T | ErrorName> {
    const shard = this.options.shardOf(groupId)
    if (typeof shard === 'string') return shard
    if (!this.turns.has(groupId) && !shard.consumerGroups.has(groupId)) return enter(shard)
    return this.inTurn(groupId, async () => {
      const error = await this.giveUp(groupId)
      if (error !== 'NONE') return error
      const free = this.options.shardOf(groupId)
      return typeof free === 'string' ? free : enter(free)
    })
  }

  private async giveUp(groupId: string): Promise<ErrorName> {
    const shard = this.options.shardOf(groupId)
    if (typeof shard === 'string') return shard
    const group = shard.consumerGroups.get(groupId)
    if (!group) return 'NONE'
    if (group.members.size > 0) return 'INCONSISTENT_GROUP_PROTOCOL'
    const { recordOffset, done } = this.options.writer.append(shard, recordsBetween(group, undefined))
    if (recordOffset >= 0) shard.consumerGroups.delete(groupId)
    return done
  }

  private context(): GroupContext {
    const { image, settings } = this.options
    const matches = new Map<string, readonly string[]>()
    return {
      regexFault: (regex) => this.patterns.fault(regex),
      matching: (regex) => {
        const names = matches.get(regex) ?? this.patterns.matching(regex)
        matches.set(regex, names)
        return names
      },
      topic: (name) => {
        const topic = image.topics.get(name)
        return topic && { topicId: topic.topicId, partitions: topic.partitions.length }
      },
      sizeMax: settings.number('group.consumer.max.size'),
      assignors: this.assignors,
    }
  }

  /**
   * What is in the log counts for the next step, whatever becomes of its acknowledgement: the log keeps it while this broker
   * leads. Nobody is told of it, or of anything that rests on it, before it is acknowledged.
   */
  private async put(
    shard: GroupShard,
    before: ConsumerGroup | undefined,
    group: ConsumerGroup,
  ): Promise<ErrorName> {
    const { writer, isServing } = this.options
    const { groupId } = group
    const unsure = this.unsureIn(shard)
    const difference = recordsBetween(before, group)
    // Something behind a step of unknown outcome: once that is acknowledged, so is the step.
    const records =
      difference.length === 0 && unsure.has(groupId) ? recordsBetween(undefined, group) : difference
    if (records.length === 0) return 'NONE'
    if (!isServing(shard)) return 'NOT_COORDINATOR'
    // The place of a classic group that has nobody in it any more.
    if (shard.groups.has(groupId)) records.unshift(groupTombstone(groupId))
    const { recordOffset, done } = writer.append(shard, records)
    if (recordOffset >= 0) {
      unsure.add(groupId)
      shard.consumerGroups.set(groupId, group)
      shard.groups.delete(groupId)
    }
    const error = await done
    if (error === 'NONE') unsure.delete(groupId)
    return error === 'NONE' && !isServing(shard) ? 'NOT_COORDINATOR' : error
  }

  private extend(shard: GroupShard, group: ConsumerGroup, memberId: string): void {
    const byGroup = this.deadlinesIn(shard)
    const byMember = byGroup.get(group.groupId) ?? new Map<string, Deadlines>()
    byGroup.set(group.groupId, byMember)
    for (const gone of byMember.keys()) if (!group.members.has(gone)) byMember.delete(gone)
    const member = group.members.get(memberId)
    if (!member) return
    const nowMs = this.nowMs()
    const sessionMs = nowMs + this.options.settings.number('group.consumer.session.timeout.ms')
    const isRevoking = member.state === 'unrevoked'
    const { pendingRevocation } = member
    const before = byMember.get(memberId)
    // What it is to let go next has its own time.
    const sinceMs =
      before?.pendingRevocation === pendingRevocation ? before.rebalanceMs : Number.POSITIVE_INFINITY
    const rebalanceMs = isRevoking
      ? Math.min(sinceMs, nowMs + Math.max(0, member.rebalanceTimeoutMs))
      : Number.POSITIVE_INFINITY
    byMember.set(memberId, { sessionMs, rebalanceMs, pendingRevocation })
    this.arm(Math.min(sessionMs, rebalanceMs))
  }

  private deadlinesIn(shard: GroupShard): Map<string, Map<string, Deadlines>> {
    const known = this.deadlines.get(shard)
    if (known) return known
    const made = new Map<string, Map<string, Deadlines>>()
    this.deadlines.set(shard, made)
    return made
  }

  private unsureIn(shard: GroupShard): Set<string> {
    const known = this.unsure.get(shard)
    if (known) return known
    const made = new Set<string>()
    this.unsure.set(shard, made)
    return made
  }

  private arm(atMs: number): void {
    if (this.isClosed || atMs >= this.timerMs) return
    this.timer?.cancel()
    this.timerMs = atMs
    this.timer = this.environment.timers.after(Math.max(1, atMs - this.nowMs()), () => this.tick())
  }

  /** Members whose time is over are put out, and the others take what they had. */
  private tick(): void {
    this.timerMs = Number.POSITIVE_INFINITY
    const nowMs = this.nowMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const shard of this.watched) {
      if (!this.options.isServing(shard)) {
        this.watched.delete(shard)
        continue
      }
      for (const [groupId, byMember] of this.deadlinesIn(shard)) {
        for (const [memberId, { sessionMs, rebalanceMs }] of byMember) {
          const deadlineMs = Math.min(sessionMs, rebalanceMs)
          if (deadlineMs > nowMs) nextMs = Math.min(nextMs, deadlineMs)
          else void this.inTurn(groupId, () => this.expire(shard, groupId, memberId))
        }
      }
    }
    this.arm(nextMs)
  }

  private async expire(shard: GroupShard, groupId: string, memberId: string): Promise<void> {
    const byMember = this.deadlinesIn(shard).get(groupId)
    const deadlines = byMember?.get(memberId)
    const group = shard.consumerGroups.get(groupId)
    // It may have been heard of, or have left, while this waited for its turn.
    const isOver = deadlines && Math.min(deadlines.sessionMs, deadlines.rebalanceMs) <= this.nowMs()
    if (!isOver || !group || !this.options.isServing(shard)) return
    await this.put(shard, group, withoutMember(group, memberId))
    if (!shard.consumerGroups.get(groupId)?.members.has(memberId)) byMember?.delete(memberId)
    else this.arm(this.nowMs() + retryMs)
  }

  /** After what has begun for the group, and before what comes next. */
  inTurn<T>(groupId: string, work: () => Promise<T>): Promise<T> {
    const before = this.turns.get(groupId) ?? Promise.resolve()
    const result = before.then(work)
    const ended = result.then(
      () => undefined,
      () => undefined,
    )
    this.turns.set(groupId, ended)
    void ended.then(() => {
      if (this.turns.get(groupId) === ended) this.turns.delete(groupId)
    })
    return result
  }

  private nowMs(): number {
    return this.environment.clock.monotonicMs()
  }
}

const retryMs = 500
