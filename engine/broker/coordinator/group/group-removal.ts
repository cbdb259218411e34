import type { Environment, TimerHandle } from '../../../environment/index.ts'
import { consumerSubscription, decodeConsumerPayload } from '../../../protocol/consumer-protocol.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import type { ConsumerGroups } from '../consumer-group/coordinator.ts'
import { recordsBetween } from '../consumer-group/stored-group.ts'
import type { Group, GroupMember } from './group.ts'
import type { OffsetCommits } from './offset-commits.ts'
import type { OffsetKey } from './offset-key.ts'
import type { GroupShard } from './shard.ts'
import type { ShardWriter } from './shard-writer.ts'
import { groupTombstone, offsetRecord, type StoredRecord } from './stored-records.ts'

export interface GroupRemovalOptions {
  readonly settings: BrokerSettings
  readonly writer: ShardWriter
  readonly offsets: OffsetCommits
  shardOf(groupId: string): GroupShard | ErrorName
  servedShards(): Iterable<GroupShard>
  isServing(shard: GroupShard): boolean
  /** A group's removal takes its turn among the group's steps, and the joins of classic members. */
  readonly consumerGroups: ConsumerGroups
}

/** Takes groups and their offsets away: asked to (KIP-229, KIP-496), and when nobody has wanted them for long (KIP-211). */
export class GroupRemoval {
  private readonly environment: Environment
  private readonly options: GroupRemovalOptions
  private timer: TimerHandle | undefined
  private isClosed = false

  constructor(environment: Environment, options: GroupRemovalOptions) {
    this.environment = environment
    this.options = options
    this.arm()
  }

  close(): void {
    this.isClosed = true
    this.timer?.cancel()
  }

  /** The group with all that it committed. Only one without members. */
  async deleteGroup(groupId: string): Promise<ErrorName> {
    // As Kafka answers it, for which this is a group like any other that is not there.
    if (groupId === '') return 'GROUP_ID_NOT_FOUND'
    return this.options.consumerGroups.inTurn(groupId, async () => {
      const shard = this.options.shardOf(groupId)
      if (typeof shard === 'string') return shard
      const isPending = shard.pending.hasGroup(groupId)
      if (!isKnown(shard, groupId) && !isPending) return 'GROUP_ID_NOT_FOUND'
      if (hasMembers(shard, groupId) || isPending) return 'NON_EMPTY_GROUP'
      return this.remove(shard, groupId)
    })
  }

  /** For each partition what became of it, or what is wrong with the group. */
  async deleteOffsets(
    groupId: string,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<ErrorName | readonly ErrorName[]> {
    const shard = this.options.shardOf(groupId)
    if (typeof shard === 'string') return shard
    const group = shard.groups.get(groupId)
    if (!isKnown(shard, groupId)) return 'GROUP_ID_NOT_FOUND'
    if (group?.members.size && group.protocolType !== 'consumer') return 'NON_EMPTY_GROUP'
    const wanted = this.wantedTopics(shard, groupId)
    const isWanted = ({ topic }: { readonly topic: string }) => wanted === undefined || wanted.has(topic)
    const keys = partitions
      .filter((partition) => !isWanted(partition))
      .map((partition): OffsetKey => ({ group: groupId, ...partition }))
      .filter((key) => shard.committed(key))
    const error = await this.deleteKeys(shard, keys)
    if (error !== 'NONE') return error
    return partitions.map((partition) => (isWanted(partition) ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE'))
  }

  /** In the group's turn. */
  private remove(shard: GroupShard, groupId: string): Promise<ErrorName> {
    const tombstones = [
      ...(shard.groups.has(groupId) ? [groupTombstone(groupId)] : []),
      ...recordsBetween(shard.consumerGroups.get(groupId), undefined),
    ]
    return this.deleteKeys(shard, shard.offsetsOf(groupId), tombstones, () => {
      shard.groups.delete(groupId)
      shard.consumerGroups.delete(groupId)
    })
  }

  /** @param appended called once all is in the log, acknowledged or not: what lies behind it is of another life */
  private async deleteKeys(
    shard: GroupShard,
    keys: readonly OffsetKey[],
    more: readonly StoredRecord[] = [],
    appended?: () => void,
  ): Promise<ErrorName> {
    if (!this.options.isServing(shard)) return 'NOT_COORDINATOR'
    const records = [...keys.map((key) => offsetRecord(key, null)), ...more]
    if (records.length === 0) return 'NONE'
    const { recordOffset, done } = this.options.writer.append(shard, records)
    if (recordOffset >= 0) appended?.()
    const error = await done
    if (error !== 'NONE' || !this.options.isServing(shard)) return error
    for (const key of keys) shard.deleteOffset(key, recordOffset)
    return 'NONE'
  }

  private arm(): void {
    const everyMs = this.options.settings.number('offsets.retention.check.interval.ms')
    this.timer = this.environment.timers.after(everyMs, () => {
      if (this.isClosed) return
      this.expire()
      this.arm()
    })
  }

  /** Offsets of groups without members, and of topics that a group does not read any more, are kept for so long. */
  private expire(): void {
    for (const shard of this.options.servedShards()) {
      for (const groupId of [...shard.offsets.keys()]) this.expireOffsets(shard, groupId)
      for (const groupId of new Set([...shard.groups.keys(), ...shard.consumerGroups.keys()])) {
        if (isUnused(shard, groupId))
          void this.options.consumerGroups.inTurn(groupId, () => this.removeUnused(shard, groupId))
      }
    }
  }

  private expireOffsets(shard: GroupShard, groupId: string): void {
    const { clock } = this.environment
    const retentionMs = this.options.settings.number('offsets.retention.minutes') * 60_000
    const oldestMs = clock.nowMs() - retentionMs
    const group = shard.groups.get(groupId)
    const isEmpty = !hasMembers(shard, groupId)
    // Of a group that had members: from when the last of them left.
    const isFresh = isEmpty && group?.protocolType && clock.monotonicMs() - group.stateSinceMs < retentionMs
    if (isFresh) return
    const wanted = isEmpty ? new Set<string>() : this.wantedTopics(shard, groupId)
    const old = shard.offsetsOf(groupId).filter((key) => {
      const committed = shard.committed(key)
      const isUsed = wanted === undefined || wanted.has(key.topic) || shard.pending.has(key)
      return committed && committed.committedMs < oldestMs && !isUsed
    })
    void this.options.offsets.forget(shard, old)
  }

  private async removeUnused(shard: GroupShard, groupId: string): Promise<void> {
    // It is looked at again at the next time if it cannot be stored now.
    if (this.options.isServing(shard) && isUnused(shard, groupId)) await this.remove(shard, groupId)
  }

  /** What its members subscribe to; undefined when that cannot be known at the moment. */
  private wantedTopics(shard: GroupShard, groupId: string): ReadonlySet<string> | undefined {
    const consumerGroup = shard.consumerGroups.get(groupId)
    if (consumerGroup) {
      return this.options.consumerGroups.topicsOf(consumerGroup)
    }
    const group = shard.groups.get(groupId)
    if (!group || group.members.size === 0) return new Set()
    if (group.protocolType !== 'consumer' || group.state !== 'Stable') return undefined
    return new Set([...group.members.values()].flatMap((member) => topicsOf(group, member)))
  }
}

function isKnown(shard: GroupShard, groupId: string): boolean {
  return shard.groups.has(groupId) || shard.consumerGroups.has(groupId) || shard.offsets.has(groupId)
}

function hasMembers(shard: GroupShard, groupId: string): boolean {
  return Boolean(shard.groups.get(groupId)?.members.size || shard.consumerGroups.get(groupId)?.members.size)
}

/** Nobody is in it or about to come, and it has no offsets. */
function isUnused(shard: GroupShard, groupId: string): boolean {
  const isAwaited = Boolean(shard.groups.get(groupId)?.pending.size)
  const hasOffsets = shard.offsets.has(groupId) || shard.pending.hasGroup(groupId)
  return !hasMembers(shard, groupId) && !isAwaited && !hasOffsets
}

function topicsOf({ protocolName }: Group, { protocols }: GroupMember): string[] {
  const metadata = protocols.find(({ name }) => name === protocolName)?.metadata
  return metadata?.length ? [...decodeConsumerPayload(consumerSubscription, metadata).value.topics] : []
}
