import { assert } from '../../../base/assert.ts'
import { isMillraceError, type MillraceError } from '../../../base/errors.ts'
import type { Codecs } from '../../../environment/index.ts'
import { markerIn } from '../../../protocol/control-records.ts'
import { splitBatches } from '../../../protocol/record-batch.ts'
import type { BatchView } from '../../../protocol/record-batch-header.ts'
import { RecordCursor } from '../../../protocol/record-cursor.ts'
import type { Replica } from '../../replication/replica.ts'
import type { ConsumerGroup } from '../consumer-group/group.ts'
import { isOfConsumerGroup, replay } from '../consumer-group/stored-group.ts'
import { CommitsUnderWay } from './commits-under-way.ts'
import type { Group } from './group.ts'
import type { OffsetKey } from './offset-key.ts'
import { PendingOffsets } from './pending-offsets.ts'
import { type CommittedOffset, readRecord, revivedGroup } from './stored-records.ts'

const readBytes = 1024 * 1024

export interface LoadOptions {
  /** Monotonic, as in `Group`. */
  nowMs(): number
  /** Of the wall clock, as in records. */
  wallMs(): number
  onUnreadable(offset: number, what: string): void
}

/** By topic, then partition. */
export type GroupOffsets = Map<string, Map<number, CommittedOffset>>

/** The groups of one partition of `__consumer_offsets`, while this broker leads it. */
export class GroupShard {
  readonly replica: Replica
  readonly leaderEpoch: number
  readonly groups = new Map<string, Group>()
  readonly offsets = new Map<string, GroupOffsets>()
  /** Of the new protocol (KIP-848). A group is in one of the two: in that whose records are the later ones. */
  readonly consumerGroups = new Map<string, ConsumerGroup>()
  readonly pending = new PendingOffsets()
  readonly underWay = new CommitsUnderWay()
  isLoaded = false

  constructor(replica: Replica) {
    this.replica = replica
    this.leaderEpoch = replica.leaderEpoch
  }

  get isCurrent(): boolean {
    return this.replica.leader?.leaderEpoch === this.leaderEpoch
  }

  /**
   * Replays the partition; may be called again after it has failed. Sessions start with the end of it, as if everyone
   * had just been heard of. @throws MillraceError of the log
   */
  async load(codecs: Codecs, { nowMs, wallMs, onUnreadable }: LoadOptions): Promise<void> {
    const { log } = this.replica
    this.groups.clear()
    this.consumerGroups.clear()
    this.offsets.clear()
    this.pending.clear()
    let offset = log.logStartOffset
    // Up to what is there in the end: coordinators of transactions may write markers meanwhile.
    while (offset < log.logEndOffset && this.isCurrent) {
      const { pieces } = await log.read(offset, readBytes)
      const before = offset
      for (const piece of pieces) {
        for (const batch of splitBatches(piece)) {
          offset = batch.nextOffset
          if (batch.isControl) {
            const marker = markerIn(batch)
            if (marker) this.endTransaction(batch.producerId, batch.baseOffset, marker.kind === 'commit')
            continue
          }
          const cursor = new RecordCursor(batch, codecs)
          while (cursor.next()) {
            const fault = cursor.key && this.replay(cursor.key, cursor.value, batch, nowMs(), wallMs())
            if (fault) onUnreadable(cursor.offset, fault.what)
          }
        }
      }
      assert(offset > before, `nothing can be read at offset ${offset}`)
    }
    const loadedMs = nowMs()
    for (const group of this.groups.values()) {
      for (const member of group.members.values())
        member.sessionDeadlineMs = loadedMs + member.sessionTimeoutMs
    }
    this.isLoaded = this.isCurrent
  }

  /** What the marker at the offset ends; a later commit outside of the transaction stays. */
  endTransaction(producerId: number, markerOffset: number, isCommit: boolean): void {
    for (const { key, committed, recordOffset } of this.pending.end(producerId, markerOffset)) {
      if (isCommit) this.takeOffset(key, { ...committed, recordOffset })
    }
  }

  /** Whichever lies later in the log counts, whatever is acknowledged first. */
  takeOffset(key: OffsetKey, committed: CommittedOffset & { readonly recordOffset: number }): void {
    if ((this.committed(key)?.recordOffset ?? -1) < committed.recordOffset) this.setOffset(key, committed)
  }

  /** Its tombstone lies at the offset: a commit behind that stays, whatever is acknowledged first. */
  deleteOffset(key: OffsetKey, tombstoneOffset: number): void {
    this.underWay.deleted(key, tombstoneOffset)
    const known = this.committed(key)
    if (known && (known.recordOffset ?? -1) < tombstoneOffset) this.setOffset(key, null)
  }

  committed({ group, topic, partition }: OffsetKey): CommittedOffset | undefined {
    return this.offsets.get(group)?.get(topic)?.get(partition)
  }

  /** Null: forgotten. */
  setOffset({ group, topic, partition }: OffsetKey, committed: CommittedOffset | null): void {
    const topics = this.offsets.get(group) ?? new Map<string, Map<number, CommittedOffset>>()
    const partitions = topics.get(topic) ?? new Map<number, CommittedOffset>()
    if (committed === null) partitions.delete(partition)
    else partitions.set(partition, committed)
    setOrDelete(topics, topic, partitions)
    setOrDelete(this.offsets, group, topics)
  }

  /** All that the group has committed. */
  offsetsOf(group: string): OffsetKey[] {
    const topics = this.offsets.get(group) ?? new Map<string, Map<number, CommittedOffset>>()
    return [...topics].flatMap(([topic, partitions]) =>
      [...partitions.keys()].map((partition) => ({ group, topic, partition })),
    )
  }

  /** All that is committed for topics of which it is true. */
  offsetsIn(isMeant: (topic: string) => boolean): OffsetKey[] {
    const keys: OffsetKey[] = []
    for (const [group, topics] of this.offsets) {
      for (const [topic, partitions] of topics) {
        if (isMeant(topic)) for (const partition of partitions.keys()) keys.push({ group, topic, partition })
      }
    }
    return keys
  }

  /** Returns what is wrong with a record that cannot be read: no other group may suffer from it. */
  private replay(
    key: Buffer,
    value: Buffer | null,
    { baseOffset, isTransactional, producerId }: BatchView,
    nowMs: number,
    wallMs: number,
  ): MillraceError | undefined {
    try {
      if (isOfConsumerGroup(key)) {
        const groupId = replay(this.consumerGroups, key, value)
        if (value !== null) this.groups.delete(groupId)
        return undefined
      }
      const record = readRecord(key, value)
      if (!record) return undefined
      if (record.kind === 'offset') {
        const { key: offsetKey, committed } = record
        if (committed === null) this.setOffset(offsetKey, null)
        else if (isTransactional) {
          this.pending.add(producerId, { key: offsetKey, committed, recordOffset: baseOffset })
        } else this.setOffset(offsetKey, { ...committed, recordOffset: baseOffset })
      } else if (record.stored === null) this.groups.delete(record.groupId)
      else {
        this.groups.set(record.groupId, revivedGroup(record.groupId, record.stored, nowMs, wallMs))
        this.consumerGroups.delete(record.groupId)
      }
      return undefined
    } catch (thrown) {
      if (!isMillraceError(thrown)) throw thrown
      return thrown
    }
  }
}

function setOrDelete<V extends ReadonlyMap<unknown, unknown>>(
  map: Map<string, V>,
  key: string,
  value: V,
): void {
  if (value.size > 0) map.set(key, value)
  else map.delete(key)
}
