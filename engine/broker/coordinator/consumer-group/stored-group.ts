/** A group as records of `__consumer_offsets` in Kafka's formats: what differs between two steps, and back again. */
import {
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
  type RecordKind,
  recordTypeOf,
} from '../../../protocol/coordinator-record.ts'
import {
  consumerGroupRecord,
  consumerMemberRecord,
  currentAssignmentRecord,
  memberStates,
  targetAssignmentEpochRecord,
  targetAssignmentRecord,
} from '../../../protocol/group-records.ts'
import type { Encodable, Field } from '../../../protocol/schema.ts'
import type { StoredRecord } from '../group/stored-records.ts'
import { type ConsumerGroup, type ConsumerMember, type MemberState, newConsumerGroup } from './group.ts'
import { noPartitions, type Partitions, partitionsOf, toList } from './partitions.ts'

const version = 0

const stateCodes = {
  stable: memberStates.stable,
  unrevoked: memberStates.unrevokedPartitions,
  unreleased: memberStates.unreleasedPartitions,
} as const satisfies Record<MemberState, number>
const statesByCode = new Map<number, MemberState>(
  Object.entries(stateCodes).map(([state, code]) => [code, state as MemberState]),
)

/** What takes a reader of `before` to `after`; undefined before the group is there, and after it is gone. */
export function recordsBetween(
  before: ConsumerGroup | undefined,
  after: ConsumerGroup | undefined,
): StoredRecord[] {
  const groupId = after?.groupId ?? before?.groupId ?? ''
  const records: StoredRecord[] = []
  const members = new Set([...(before?.members.keys() ?? []), ...(after?.members.keys() ?? [])])
  const gone: StoredRecord[] = []
  for (const memberId of members) {
    const key = { groupId, memberId }
    const was = before?.members.get(memberId)
    const is = after?.members.get(memberId)
    const target = after?.target.get(memberId)
    // In the order in which Kafka removes them: what a member has, where it goes, who it is.
    if (!is) {
      gone.push(
        record(currentAssignmentRecord, key, null),
        record(targetAssignmentRecord, key, null),
        record(consumerMemberRecord, key, null),
      )
      continue
    }
    if (!was || describes(was) !== describes(is))
      records.push(record(consumerMemberRecord, key, memberValue(is)))
    if (target && target !== before?.target.get(memberId)) {
      records.push(record(targetAssignmentRecord, key, { topicPartitions: toList(target) }))
    }
    if (!was || positionOf(was) !== positionOf(is)) {
      records.push(record(currentAssignmentRecord, key, currentValue(is)))
    }
  }
  if (!after) {
    if (!before) return []
    gone.push(
      record(targetAssignmentEpochRecord, { groupId }, null),
      record(consumerGroupRecord, { groupId }, null),
    )
    return gone
  }
  const head: StoredRecord[] = []
  if (after.epoch !== before?.epoch || after.metadataHash !== before.metadataHash) {
    const { epoch, metadataHash } = after
    head.push(record(consumerGroupRecord, { groupId }, { epoch, metadataHash }))
  }
  if (after.assignmentEpoch !== before?.assignmentEpoch) {
    head.push(record(targetAssignmentEpochRecord, { groupId }, { assignmentEpoch: after.assignmentEpoch }))
  }
  return [...gone, ...head, ...records]
}

const kinds = [
  consumerGroupRecord,
  consumerMemberRecord,
  targetAssignmentEpochRecord,
  targetAssignmentRecord,
  currentAssignmentRecord,
]

/** Whether `withRecord` has use for it. */
export function isOfConsumerGroup(key: Buffer): boolean {
  const type = recordTypeOf(key)
  return kinds.some((kind) => kind.type === type)
}

/** Brings the groups to where they are after one more record; its group. @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION */
export function replay(groups: Map<string, ConsumerGroup>, key: Buffer, value: Buffer | null): string {
  const { groupId } = decodeRecordKey(consumerGroupRecord, key)
  const group = groups.get(groupId) ?? newConsumerGroup(groupId)
  // What takes something away from a group that has gone already brings nothing back.
  if (value !== null || groups.has(groupId)) replayInto(groups, group, key, value)
  return groupId
}

function replayInto(
  groups: Map<string, ConsumerGroup>,
  group: ConsumerGroup,
  key: Buffer,
  value: Buffer | null,
): void {
  const { groupId } = group
  const type = recordTypeOf(key)
  if (type === consumerGroupRecord.type) {
    if (value === null) groups.delete(groupId)
    else groups.set(groupId, { ...group, ...decodeRecordValue(consumerGroupRecord, value).value })
    return
  }
  if (type === targetAssignmentEpochRecord.type) {
    if (value === null) return
    const { assignmentEpoch } = decodeRecordValue(targetAssignmentEpochRecord, value).value
    groups.set(groupId, { ...group, assignmentEpoch })
    return
  }
  groups.set(
    groupId,
    withMemberRecord(group, type, decodeRecordKey(consumerMemberRecord, key).memberId, value),
  )
}

function withMemberRecord(
  group: ConsumerGroup,
  type: number,
  memberId: string,
  value: Buffer | null,
): ConsumerGroup {
  if (type === targetAssignmentRecord.type) {
    const target = new Map(group.target)
    if (value === null) target.delete(memberId)
    else
      target.set(
        memberId,
        partitionsOf(decodeRecordValue(targetAssignmentRecord, value).value.topicPartitions),
      )
    return { ...group, target }
  }
  const members = new Map(group.members)
  const member = members.get(memberId) ?? unknownMember(memberId)
  if (type === consumerMemberRecord.type) {
    if (value === null) members.delete(memberId)
    else members.set(memberId, { ...member, ...memberFrom(value) })
  } else if (members.has(memberId)) {
    members.set(memberId, { ...member, ...(value === null ? nothingYet : positionFrom(value)) })
  }
  return { ...group, members }
}

const nothingYet = {
  epoch: 0,
  previousEpoch: 0,
  state: 'stable',
  assigned: noPartitions,
  pendingRevocation: noPartitions,
} as const

function unknownMember(memberId: string): ConsumerMember {
  return {
    memberId,
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    subscribedTopics: [],
    subscribedRegex: null,
    assignor: null,
    ...nothingYet,
  }
}

function memberValue(member: ConsumerMember) {
  return {
    instanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.subscribedTopics],
    subscribedTopicRegex: member.subscribedRegex,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    serverAssignor: member.assignor,
  }
}

function memberFrom(value: Buffer) {
  const {
    subscribedTopicNames,
    subscribedTopicRegex,
    serverAssignor,
    instanceId,
    rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
  } = decodeRecordValue(consumerMemberRecord, value).value
  return {
    instanceId,
    rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    subscribedTopics: subscribedTopicNames,
    subscribedRegex: subscribedTopicRegex || null,
    assignor: serverAssignor,
  }
}

function currentValue({ epoch, previousEpoch, state, assigned, pendingRevocation }: ConsumerMember) {
  return {
    memberEpoch: epoch,
    previousMemberEpoch: previousEpoch,
    state: stateCodes[state],
    assignedPartitions: toList(assigned),
    partitionsPendingRevocation: toList(pendingRevocation),
  }
}

function positionFrom(value: Buffer) {
  const { memberEpoch, previousMemberEpoch, state, assignedPartitions, partitionsPendingRevocation } =
    decodeRecordValue(currentAssignmentRecord, value).value
  return {
    epoch: memberEpoch,
    previousEpoch: previousMemberEpoch,
    state: statesByCode.get(state) ?? 'stable',
    assigned: partitionsOf(assignedPartitions),
    pendingRevocation: partitionsOf(partitionsPendingRevocation),
  }
}

function describes(member: ConsumerMember): string {
  return JSON.stringify(memberValue(member))
}

function positionOf(member: ConsumerMember): string {
  return JSON.stringify({ ...currentValue(member), assigned: listed(member.assigned) })
}

function listed(partitions: Partitions): string {
  return toList(partitions)
    .map(({ topicId, partitions: numbers }) => `${topicId}:${numbers.join(',')}`)
    .sort()
    .join(' ')
}

function record<Key extends Field, Value extends Field>(
  kind: RecordKind<Key, Value>,
  key: Encodable<Key>,
  value: Encodable<Value> | null,
): StoredRecord {
  const keyBytes = encodeRecordKey(kind, key)
  return { key: keyBytes, value: value === null ? null : encodeRecordValue(kind, version, value) }
}
