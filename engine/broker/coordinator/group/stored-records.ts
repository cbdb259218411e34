/**
 * How groups and their offsets lie in `__consumer_offsets`: Kafka's own formats, so that its tools can read them.
 * Keys: version 1 an offset (version 0 read too), version 2 a group. Values: version 3 of both. Null values delete.
 */
import { message } from '../../../protocol/api.ts'
import { Reader } from '../../../protocol/reader.ts'
import { array, bytes, type Encodable, int32, int64, string, struct } from '../../../protocol/schema.ts'
import { Writer } from '../../../protocol/writer.ts'
import type { Group } from './group.ts'

export interface CommittedOffset {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
  readonly committedMs: number
  /** Of the batch that holds it; not stored. */
  readonly recordOffset?: number
}

export interface OffsetKey {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

const offsetKeyVersion = 1
const groupKeyVersion = 2
const valueVersion = 3

const offsetKey = message({
  name: 'OffsetCommitKey',
  versions: [0, 1],
  schema: struct({ group: string(), topic: string(), partition: int32() }),
})
const offsetValue = message({
  name: 'OffsetCommitValue',
  versions: [3, 3],
  schema: struct({ offset: int64(), leaderEpoch: int32(), metadata: string(), commitTimestamp: int64() }),
})
const groupKey = message({ name: 'GroupMetadataKey', versions: [2, 2], schema: struct({ group: string() }) })
const groupValue = message({
  name: 'GroupMetadataValue',
  versions: [3, 3],
  schema: struct({
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullableSince: 0 }),
    leader: string({ nullableSince: 0 }),
    currentStateTimestamp: int64(),
    members: array(
      struct({
        memberId: string(),
        groupInstanceId: string({ nullableSince: 0 }),
        clientId: string(),
        clientHost: string(),
        rebalanceTimeout: int32(),
        sessionTimeout: int32(),
        subscription: bytes(),
        assignment: bytes(),
      }),
    ),
  }),
})

type StoredGroup = Encodable<typeof groupValue.schema>

export interface StoredRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

export function offsetRecord(key: OffsetKey, committed: CommittedOffset | null): StoredRecord {
  const keyBytes = written(offsetKeyVersion, (writer) => offsetKey.write(writer, offsetKeyVersion, key))
  if (committed === null) return { key: keyBytes, value: null }
  const { offset, leaderEpoch, metadata, committedMs } = committed
  const fields = { offset, leaderEpoch, metadata, commitTimestamp: committedMs }
  const value = written(valueVersion, (writer) => offsetValue.write(writer, valueVersion, fields))
  return { key: keyBytes, value }
}

export function groupRecord(
  group: Group,
  assignments: ReadonlyMap<string, Buffer>,
  nowMs: number,
): StoredRecord {
  const key = written(groupKeyVersion, (writer) =>
    groupKey.write(writer, groupKeyVersion, { group: group.groupId }),
  )
  const stored: StoredGroup = {
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
  return { key, value: written(valueVersion, (writer) => groupValue.write(writer, valueVersion, stored)) }
}

/** The group is no more. */
export function groupTombstone(groupId: string): StoredRecord {
  const key = written(groupKeyVersion, (writer) =>
    groupKey.write(writer, groupKeyVersion, { group: groupId }),
  )
  return { key, value: null }
}

export type ReadRecord =
  | { readonly kind: 'offset'; readonly key: OffsetKey; readonly committed: CommittedOffset | null }
  | { readonly kind: 'group'; readonly groupId: string; readonly stored: ReturnType<typeof readGroup> | null }

/** Undefined for kinds and versions that we do not write. @throws MillraceError MALFORMED_FRAME */
export function readRecord(key: Buffer, value: Buffer | null): ReadRecord | undefined {
  const reader = new Reader(key)
  const keyVersion = reader.int16()
  if (keyVersion === 0 || keyVersion === offsetKeyVersion) {
    const fields = offsetKey.read(reader, keyVersion)
    if (value === null) return { kind: 'offset', key: fields, committed: null }
    const valueReader = new Reader(value)
    if (valueReader.int16() !== valueVersion) return undefined
    const { offset, leaderEpoch, metadata, commitTimestamp } = offsetValue.read(valueReader, valueVersion)
    return {
      kind: 'offset',
      key: fields,
      committed: { offset, leaderEpoch, metadata, committedMs: commitTimestamp },
    }
  }
  if (keyVersion !== groupKeyVersion) return undefined
  const { group } = groupKey.read(reader, groupKeyVersion)
  if (value === null) return { kind: 'group', groupId: group, stored: null }
  const valueReader = new Reader(value)
  if (valueReader.int16() !== valueVersion) return undefined
  return { kind: 'group', groupId: group, stored: readGroup(valueReader) }
}

function readGroup(reader: Reader) {
  return groupValue.read(reader, valueVersion)
}

/** The group as its record says, its members' sessions starting now. @param wallMs now, by the clock of records */
export function revivedGroup(
  groupId: string,
  stored: ReturnType<typeof readGroup>,
  nowMs: number,
  wallMs: number,
): Group {
  const members = stored.members.map((member) => ({
    memberId: member.memberId,
    instanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    sessionTimeoutMs: member.sessionTimeout,
    rebalanceTimeoutMs: member.rebalanceTimeout,
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
    stateSinceMs: nowMs - Math.max(0, wallMs - stored.currentStateTimestamp),
  }
}

function written(version: number, write: (writer: Writer) => void): Buffer {
  const writer = new Writer()
  writer.int16(version)
  write(writer)
  return Buffer.concat(writer.finish())
}
