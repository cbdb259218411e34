/**
 * What lies in `__consumer_offsets`, in Kafka's formats: committed offsets and classic groups, and from
 * `consumerGroupRecord` on groups of the new protocol (KIP-848).
 */
import { recordKind } from './coordinator-record.ts'
import { array, bytes, int8, int32, int64, int64Bits, string, struct, uuid } from './schema.ts'

const offsetKey = struct({ group: string(), topic: string(), partition: int32() })
const groupKey = struct({ groupId: string() })
const memberKey = struct({ groupId: string(), memberId: string() })

/** Of Kafka before 0.10: read, never written. */
export const legacyOffsetRecord = recordKind({
  name: 'LegacyOffsetCommit',
  type: 0,
  key: offsetKey,
  versions: [0, 0],
  value: struct({ offset: int64(), metadata: string(), commitTimestamp: int64() }),
})

export const offsetRecord = recordKind({
  name: 'OffsetCommit',
  type: 1,
  key: offsetKey,
  versions: [0, 4],
  flexibleFrom: 4,
  value: struct({
    offset: int64(),
    leaderEpoch: int32({ since: 3, default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64({ since: 1, until: 1, default: -1, ignorable: true }),
    topicId: uuid({ since: 4, tag: 0, ignorable: true }),
  }),
})

export const classicGroupRecord = recordKind({
  name: 'GroupMetadata',
  type: 2,
  key: struct({ group: string() }),
  versions: [0, 4],
  flexibleFrom: 4,
  value: struct({
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullableSince: 0 }),
    leader: string({ nullableSince: 0 }),
    currentStateTimestamp: int64({ since: 2, default: -1, ignorable: true }),
    members: array(
      struct({
        memberId: string(),
        groupInstanceId: string({ since: 3, nullableSince: 3, default: null, ignorable: true }),
        clientId: string(),
        clientHost: string(),
        rebalanceTimeout: int32({ since: 1, default: -1, ignorable: true }),
        sessionTimeout: int32(),
        subscription: bytes(),
        assignment: bytes(),
      }),
    ),
  }),
})

export const consumerGroupRecord = recordKind({
  name: 'ConsumerGroupMetadata',
  type: 3,
  key: groupKey,
  versions: [0, 0],
  flexibleFrom: 0,
  value: struct({
    epoch: int32(),
    /** Over what the group's topics look like; 0 when there are none. */
    metadataHash: int64Bits({ tag: 0, default: 0n }),
  }),
})

/** Of Kafka before 4.1, which has the hash above instead: read, and deleted by a null value. */
export const consumerGroupTopicsRecord = recordKind({
  name: 'ConsumerGroupPartitionMetadata',
  type: 4,
  key: groupKey,
  versions: [0, 0],
  flexibleFrom: 0,
  value: struct({
    topics: array(
      struct({
        topicId: uuid(),
        topicName: string(),
        numPartitions: int32(),
        partitionMetadata: array(struct({ partition: int32(), racks: array(string()) })),
      }),
    ),
  }),
})

export const consumerMemberRecord = recordKind({
  name: 'ConsumerGroupMemberMetadata',
  type: 5,
  key: memberKey,
  versions: [0, 0],
  flexibleFrom: 0,
  value: struct({
    instanceId: string({ nullableSince: 0 }),
    rackId: string({ nullableSince: 0 }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullableSince: 0 }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullableSince: 0 }),
    /** Of a member that still speaks the classic protocol. */
    classicMemberMetadata: struct(
      {
        sessionTimeoutMs: int32(),
        supportedProtocols: array(struct({ name: string(), metadata: bytes() })),
      },
      { nullableSince: 0, default: null, tag: 0 },
    ),
  }),
})

export const targetAssignmentEpochRecord = recordKind({
  name: 'ConsumerGroupTargetAssignmentMetadata',
  type: 6,
  key: groupKey,
  versions: [0, 0],
  flexibleFrom: 0,
  value: struct({
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true }),
  }),
})

export const targetAssignmentRecord = recordKind({
  name: 'ConsumerGroupTargetAssignmentMember',
  type: 7,
  key: memberKey,
  versions: [0, 0],
  flexibleFrom: 0,
  value: struct({ topicPartitions: array(struct({ topicId: uuid(), partitions: array(int32()) })) }),
})

/** The `state` of a member in `currentAssignmentRecord`. */
export const memberStates = { stable: 0, unrevokedPartitions: 1, unreleasedPartitions: 2 } as const

const ownedPartitions = struct({
  topicId: uuid(),
  partitions: array(int32()),
  /** The epoch in which the member got each partition: an older commit is a zombie's (KIP-1251). */
  assignmentEpochs: array(int32(), { nullableSince: 0, default: null, tag: 0 }),
})

export const currentAssignmentRecord = recordKind({
  name: 'ConsumerGroupCurrentMemberAssignment',
  type: 8,
  key: memberKey,
  versions: [0, 0],
  flexibleFrom: 0,
  value: struct({
    memberEpoch: int32(),
    /** A member that did not hear of its new epoch comes with this one. */
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(ownedPartitions),
    partitionsPendingRevocation: array(ownedPartitions),
  }),
})

export const regularExpressionRecord = recordKind({
  name: 'ConsumerGroupRegularExpression',
  type: 16,
  key: struct({ groupId: string(), regularExpression: string() }),
  versions: [0, 0],
  flexibleFrom: 0,
  value: struct({
    /** What it matches. */
    topics: array(string()),
    /** Of the metadata that it was held against. */
    version: int64(),
    timestamp: int64(),
  }),
})
