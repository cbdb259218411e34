import type { Environment, TimerHandle } from '../../../environment/index.ts'
import { consumerSubscription, decodeConsumerPayload } from '../../../protocol/consumer-protocol.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import { recordsBetween } from '../consumer-group/stored-group.ts'
import type { Group, GroupMember } from './group.ts'
import type { OffsetCommits } from './offset-commits.ts'
import type { GroupShard } from './shard.ts'
import type { ShardWriter } from './shard-writer.ts'
import { groupTombstone, type OffsetKey, offsetRecord, type StoredRecord } from './stored-records.ts'

export interface GroupRemovalOptions {
  readonly settings: BrokerSettings
  readonly writer: ShardWriter
  readonly offsets: OffsetCommits
  shardOf(groupId: string): GroupShard | ErrorName
  servedShards(): Iterable<GroupShard>
  isServing(shard: GroupShard): boolean
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
    const shard = this.options.shardOf(groupId)
    if (typeof shard === 'string') return shard
    const group = shard.groups.get(groupId)
    const consumerGroup = shard.consumerGroups.get(groupId)
    if (!group && !consumerGroup && !shard.offsets.has(groupId)) return 'GROUP_ID_NOT_FOUND'
    const isPending = shard.offsetsOf(groupId).some((key) => shard.pending.has(key))
    if (group?.members.size || consumerGroup?.members.size || isPending) return 'NON_EMPTY_GROUP'
    return this.remove(shard, groupId)
  }

  /** For each partition what became of it, or what is wrong with the group. */
  async deleteOffsets(
    groupId: string,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<ErrorName | readonly ErrorName[]> {
    const shard = this.options.shardOf(groupId)
    if (typeof shard === 'string') return shard
    const group = shard.groups.get(groupId)
    const consumerGroup = shard.consumerGroups.get(groupId)
    if (!group && !consumerGroup && !shard.offsets.has(groupId)) return 'GROUP_ID_NOT_FOUND'
    if (group?.members.size && group.protocolType !== 'consumer') return 'NON_EMPTY_GROUP'
    const wanted = this.wantedTopics(shard, groupId)
    const isWanted = ({ topic }: { readonly topic: string }) => wanted === undefined || wanted.has(topic)
    const keys = partitions
      .filter((partition) => !isWanted(partition))
      .map((partition): OffsetKey => ({ group: groupId, ...partition }))
      .filter(({ topic, partition }) => shard.offsets.get(groupId)?.get(topic)?.has(partition))
    const error =
      keys.length === 0
        ? 'NONE'
        : await this.write(
            shard,
            keys.map((key) => offsetRecord(key, null)),
          )
    if (error !== 'NONE') return error
    if (this.options.isServing(shard)) for (const key of keys) shard.setOffset(key, null)
    return partitions.map((partition) => (isWanted(partition) ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE'))
  }

  private async remove(shard: GroupShard, groupId: string): Promise<ErrorName> {
    const keys = shard.offsetsOf(groupId)
    const records = [
      ...keys.map((key) => offsetRecord(key, null)),
      ...(shard.groups.has(groupId) ? [groupTombstone(groupId)] : []),
      ...recordsBetween(shard.consumerGroups.get(groupId), undefined),
    ]
    const error = await this.write(shard, records)
    if (error !== 'NONE' || !this.options.isServing(shard)) return error
    // Somebody may have come while it was written: then the group lives on, without offsets.
    for (const key of keys) shard.setOffset(key, null)
    if (!shard.groups.get(groupId)?.members.size) shard.groups.delete(groupId)
    if (!shard.consumerGroups.get(groupId)?.members.size) shard.consumerGroups.delete(groupId)
    return 'NONE'
  }

  private async write(shard: GroupShard, records: readonly StoredRecord[]): Promise<ErrorName> {
    if (!this.options.isServing(shard)) return 'NOT_COORDINATOR'
    return records.length === 0 ? 'NONE' : this.options.writer.write(shard, records)
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
    const retentionMs = this.options.settings.number('offsets.retention.minutes') * 60_000
    const { clock } = this.environment
    const oldestMs = clock.nowMs() - retentionMs
    for (const shard of this.options.servedShards()) {
      for (const [groupId, topics] of [...shard.offsets]) {
        const group = shard.groups.get(groupId)
        const isEmpty = !group?.members.size && !shard.consumerGroups.get(groupId)?.members.size
        // Of a group that had members: from when the last of them left.
        const isFresh =
          isEmpty && group?.protocolType && clock.monotonicMs() - group.stateSinceMs < retentionMs
        if (isFresh) continue
        const wanted = isEmpty ? new Set<string>() : this.wantedTopics(shard, groupId)
        const old = shard.offsetsOf(groupId).filter((key) => {
          const committed = topics.get(key.topic)?.get(key.partition)
          const isUsed = wanted === undefined || wanted.has(key.topic) || shard.pending.has(key)
          return committed && committed.committedMs < oldestMs && !isUsed
        })
        void this.options.offsets.forget(shard, old)
        if (isEmpty && !shard.offsets.has(groupId)) void this.remove(shard, groupId)
      }
    }
  }

  /** What its members subscribe to; undefined when that cannot be known at the moment. */
  private wantedTopics(shard: GroupShard, groupId: string): ReadonlySet<string> | undefined {
    const consumerGroup = shard.consumerGroups.get(groupId)
    if (consumerGroup) {
      return new Set([...consumerGroup.members.values()].flatMap(({ subscribedTopics }) => subscribedTopics))
    }
    const group = shard.groups.get(groupId)
    if (!group || group.members.size === 0) return new Set()
    if (group.protocolType !== 'consumer' || group.state !== 'Stable') return undefined
    return new Set([...group.members.values()].flatMap((member) => topicsOf(group, member)))
  }
}

function topicsOf({ protocolName }: Group, { protocols }: GroupMember): string[] {
  const metadata = protocols.find(({ name }) => name === protocolName)?.metadata
  return metadata?.length ? [...decodeConsumerPayload(consumerSubscription, metadata).value.topics] : []
}
