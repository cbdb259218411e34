import type { Environment } from '../../../environment/index.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { ClusterImage } from '../../controller/image.ts'
import type { MemberClaim } from './group.ts'
import type { OffsetKey } from './offset-key.ts'
import type { GroupOffsets, GroupShard } from './shard.ts'
import type { ShardWriter, TransactionalProducer } from './shard-writer.ts'
import { type CommittedOffset, offsetRecord } from './stored-records.ts'

export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** Of a marker. */
export interface EndedOffsets {
  readonly partition: number
  readonly producerId: number
  readonly isCommit: boolean
  readonly offset: number
}

/** What the coordinator of groups lends to those who keep their offsets. */
export interface OffsetCommitsOptions {
  readonly image: ClusterImage
  readonly writer: ShardWriter
  shardOf(groupId: string): GroupShard | ErrorName
  /** Those whose groups are served here at the moment. */
  servedShards(): Iterable<GroupShard>
  isServing(shard: GroupShard): boolean
  /** Whether the member may commit; a group is made for whoever commits without one, if `makesGroup`. */
  claimFault(shard: GroupShard, groupId: string, claim: MemberClaim, makesGroup: boolean): Promise<ErrorName>
}

const retryMs = 500

/** Committed offsets of the groups that this broker coordinates. */
export class OffsetCommits {
  private readonly environment: Environment
  private readonly options: OffsetCommitsOptions

  constructor(environment: Environment, options: OffsetCommitsOptions) {
    this.environment = environment
    this.options = options
  }

  /** Empty for a group that never committed. */
  of(groupId: string): GroupOffsets | ErrorName {
    const shard = this.options.shardOf(groupId)
    return typeof shard === 'string' ? shard : (shard.offsets.get(groupId) ?? new Map())
  }

  /** What is committed in all groups that are served here. */
  *all(): Generator<{ groupId: string; topic: string; partition: number; offset: number }> {
    for (const shard of this.options.servedShards()) {
      for (const [groupId, topics] of shard.offsets) {
        for (const [topic, partitions] of topics) {
          for (const [partition, { offset }] of partitions) yield { groupId, topic, partition, offset }
        }
      }
    }
  }

  async commit(groupId: string, claim: MemberClaim, offsets: readonly OffsetToCommit[]): Promise<ErrorName> {
    const { image } = this.options
    const topicIds = new Map(offsets.map(({ topic }) => [topic, image.topics.get(topic)?.topicId]))
    const shard = this.options.shardOf(groupId)
    if (typeof shard === 'string') return shard
    const fault = await this.options.claimFault(shard, groupId, claim, true)
    if (fault !== 'NONE' || offsets.length === 0) return fault
    return this.store(shard, this.stamped(groupId, offsets), topicIds)
  }

  /** Offsets that count once the producer's transaction is committed (KIP-98); fenced by the group too (KIP-447). */
  async commitInTransaction(
    groupId: string,
    claim: MemberClaim,
    producer: TransactionalProducer,
    offsets: readonly OffsetToCommit[],
  ): Promise<ErrorName> {
    const shard = this.options.shardOf(groupId)
    if (typeof shard === 'string') return shard
    const isAnonymous = claim.generation < 0 && claim.memberId === '' && claim.instanceId === null
    if (!isAnonymous) {
      const fault = await this.options.claimFault(shard, groupId, claim, false)
      // The transaction decides whether it counts, not the rebalance that has begun.
      if (fault !== 'NONE' && fault !== 'REBALANCE_IN_PROGRESS') return fault
    }
    if (!this.options.isServing(shard)) return 'NOT_COORDINATOR'
    if (offsets.length === 0) return 'NONE'
    const commits = this.stamped(groupId, offsets)
    const records = commits.map(({ key, committed }) => offsetRecord(key, committed))
    const { recordOffset, done } = this.options.writer.append(shard, records, producer)
    // At once: what is in the log counts when its marker comes, whatever becomes of this request.
    if (recordOffset >= 0) {
      for (const commit of commits) shard.pending.add(producer.producerId, { ...commit, recordOffset })
    }
    return done
  }

  /** A transaction has its marker in this partition of `__consumer_offsets`. While that is loaded, it is read there. */
  transactionEnded({ partition, producerId, offset, isCommit }: EndedOffsets): void {
    for (const shard of this.options.servedShards()) {
      if (shard.replica.partition === partition) shard.endTransaction(producerId, offset, isCommit)
    }
  }

  /** Whether an open transaction has committed an offset for the partition (KIP-447). */
  isUnstable(key: OffsetKey): boolean {
    const shard = this.options.shardOf(key.group)
    return typeof shard !== 'string' && shard.pending.has(key)
  }

  /** Offsets committed for topics that are no more, by name: who makes them anew starts anew. */
  topicsRemoved(names: ReadonlySet<string>): void {
    for (const shard of this.options.servedShards()) {
      void this.forget(
        shard,
        shard.offsetsIn((topic) => names.has(topic)),
      )
    }
  }

  /**
   * Topics deleted while nobody led this partition. An offset is committed to a topic that is there, and whoever leads next
   * knows of every topic that the one before knew of.
   */
  loaded(shard: GroupShard): void {
    const { topics } = this.options.image
    void this.forget(
      shard,
      shard.offsetsIn((topic) => !topics.has(topic)),
    )
  }

  /**
   * At once for those who ask, and until it is stored: what is not deleted there comes back with the next load. What is
   * committed anew before that stays.
   */
  async forget(shard: GroupShard, keys: readonly OffsetKey[]): Promise<void> {
    for (const key of keys) shard.setOffset(key, null)
    let left = keys
    while (left.length > 0 && this.options.isServing(shard)) {
      // Of a commit that is under way it is not known yet whether it counts: a tombstone would lie behind it.
      const ready = left.filter((key) => !shard.underWay.has(key))
      const records = ready.map((key) => offsetRecord(key, null))
      const isStored = ready.length > 0 && (await this.options.writer.write(shard, records)) === 'NONE'
      if (isStored) left = left.filter((key) => !ready.includes(key))
      if (left.length === 0) return
      await this.environment.timers.sleep(retryMs)
      left = left.filter((key) => !shard.committed(key) && !shard.pending.has(key))
    }
  }

  private stamped(groupId: string, offsets: readonly OffsetToCommit[]) {
    const committedMs = this.environment.clock.nowMs()
    return offsets.map(({ topic, partition, offset, leaderEpoch, metadata }) => {
      const key: OffsetKey = { group: groupId, topic, partition }
      const committed: CommittedOffset = { offset, leaderEpoch, metadata, committedMs }
      return { key, committed }
    })
  }

  /** @param topicIds as the topics were when the commit came */
  private async store(
    shard: GroupShard,
    commits: readonly { readonly key: OffsetKey; readonly committed: CommittedOffset }[],
    topicIds: ReadonlyMap<string, string | undefined>,
  ): Promise<ErrorName> {
    const { image, writer } = this.options
    if (!this.options.isServing(shard)) return 'NOT_COORDINATOR'
    const records = commits.map(({ key, committed }) => offsetRecord(key, committed))
    const { recordOffset, done } = writer.append(shard, records)
    if (recordOffset >= 0) for (const { key } of commits) shard.underWay.begin(key)
    const end = () => commits.filter(({ key }) => recordOffset < 0 || shard.underWay.end(key, recordOffset))
    const error = await done.catch((thrown: unknown) => {
      end()
      throw thrown
    })
    // With nothing awaited from here to where it is taken: a deletion tells the one or the other.
    const counting = end()
    if (error !== 'NONE') return error
    if (!this.options.isServing(shard)) return 'NOT_COORDINATOR'
    const isThere = ({ topic }: OffsetKey) => image.topics.get(topic)?.topicId === topicIds.get(topic)
    for (const { key, committed } of counting) {
      if (isThere(key)) shard.takeOffset(key, { ...committed, recordOffset })
    }
    const late = commits.map(({ key }) => key).filter((key) => !isThere(key))
    if (late.length > 0) void this.forget(shard, late)
    return 'NONE'
  }
}
