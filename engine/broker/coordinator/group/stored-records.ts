/**
 * How groups and their offsets lie in `__consumer_offsets`, in Kafka's own formats, so that its tools can read them; see
 * `protocol/group-records.ts`. Written are values of version 3 of both, any version is read.
 */
import {
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
  recordTypeOf,
} from '../../../protocol/coordinator-record.ts'
import * as kinds from '../../../protocol/group-records.ts'
import type { Decoded, Encodable } from '../../../protocol/schema.ts'
import type { Group } from './group.ts'
import type { OffsetKey } from './offset-key.ts'

export interface CommittedOffset {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  readonly committedMs: number
  /** Of the batch that holds it; not stored. */
  readonly recordOffset?: number
}

const valueVersion = 3

type StoredGroup = Decoded<typeof kinds.classicGroupRecord.value.schema>

export interface StoredRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

export function offsetRecord(key: OffsetKey, committed: CommittedOffset | null): StoredRecord {
  const keyBytes = encodeRecordKey(kinds.offsetRecord, key)
  if (committed === null) return { key: keyBytes, value: null }
  const { offset, leaderEpoch, metadata, committedMs } = committed
  const fields = { offset, leaderEpoch, metadata, commitTimestamp: committedMs }
  return { key: keyBytes, value: encodeRecordValue(kinds.offsetRecord, valueVersion, fields) }
}

export function groupRecord(
  group: Group,
  assignments: ReadonlyMap<string, Buffer>,
  nowMs: number,
): StoredRecord {
  const stored: Encodable<typeof kinds.classicGroupRecord.value.schema> = {
    protocolType: group.protocolType ?? '',
    generation: group.generation,
    protocol: group.protocolName,
    leader: group.leaderId,
    currentStateTimestamp: nowMs,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription:
        member.protocols.find(({ name }) => name === group.protocolName)?.metadata ?? Buffer.alloc(0),
      assignment: assignments.get(member.memberId) ?? Buffer.alloc(0),
    })),
  }
  const value = encodeRecordValue(kinds.classicGroupRecord, valueVersion, stored)
  return { ...groupTombstone(group.groupId), value }
}

/** The group is no more. */
export function groupTombstone(groupId: string): StoredRecord {
  return { key: encodeRecordKey(kinds.classicGroupRecord, { group: groupId }), value: null }
}

export type ReadRecord =
  | { readonly kind: 'offset'; readonly key: OffsetKey; readonly committed: CommittedOffset | null }
  | { readonly kind: 'group'; readonly groupId: string; readonly stored: StoredGroup | null }

/** Undefined for kinds that classic groups and offsets do not have. @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION */
export function readRecord(key: Buffer, value: Buffer | null): ReadRecord | undefined {
  switch (recordTypeOf(key)) {
    case kinds.legacyOffsetRecord.type: {
      const stored = value && decodeRecordValue(kinds.legacyOffsetRecord, value).value
      const committed = stored && committedFrom({ ...stored, leaderEpoch: -1 })
      return { kind: 'offset', key: decodeRecordKey(kinds.legacyOffsetRecord, key), committed }
    }
    case kinds.offsetRecord.type: {
      const committed = value && committedFrom(decodeRecordValue(kinds.offsetRecord, value).value)
      return { kind: 'offset', key: decodeRecordKey(kinds.offsetRecord, key), committed }
    }
    case kinds.classicGroupRecord.type: {
      const { group } = decodeRecordKey(kinds.classicGroupRecord, key)
      const stored = value && decodeRecordValue(kinds.classicGroupRecord, value).value
      return { kind: 'group', groupId: group, stored }
    }
    default:
      return undefined
  }
}

function committedFrom({
  offset,
  leaderEpoch,
  metadata,
  commitTimestamp,
}: Omit<CommittedOffset, 'committedMs'> & { readonly commitTimestamp: number }): CommittedOffset {
  return { offset, leaderEpoch, metadata, committedMs: commitTimestamp }
}

/** The group as its record says, its members' sessions starting now. @param wallMs now, by the clock of records */
export function revivedGroup(groupId: string, stored: StoredGroup, nowMs: number, wallMs: number): Group {
  const members = stored.members.map((member) => ({
    memberId: member.memberId,
    instanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    sessionTimeoutMs: member.sessionTimeout,
    // Before version 1 there was one time for both.
    rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
    protocols:
      stored.protocol === null ? [] : [{ name: stored.protocol, metadata: Buffer.from(member.subscription) }],
    assignment: Buffer.from(member.assignment),
    joinReply: undefined,
    syncReply: undefined,
    hasSynced: true,
    sessionDeadlineMs: nowMs + member.sessionTimeout,
  }))
  return {
    groupId,
    state: members.length > 0 ? 'Stable' : 'Empty',
    generation: stored.generation,
    protocolType: stored.protocolType === '' ? null : stored.protocolType,
    protocolName: stored.protocol,
    leaderId: stored.leader,
    members: new Map(members.map((member) => [member.memberId, member])),
    instances: new Map(
      members.flatMap(({ instanceId, memberId }) => (instanceId === null ? [] : [[instanceId, memberId]])),
    ),
    pending: new Map(),
    phaseDeadlineMs: Number.POSITIVE_INFINITY,
    gathersFirst: false,
    stateSinceMs:
      stored.currentStateTimestamp === -1
        ? nowMs
        : nowMs - Math.max(0, wallMs - stored.currentStateTimestamp),
  }
}
