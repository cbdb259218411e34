import { MillraceError } from '../../../base/errors.ts'
import type { ResponseOf } from '../../../protocol/api.ts'
import { joinGroup } from '../../../protocol/apis/join-group.ts'
import { syncGroup } from '../../../protocol/apis/sync-group.ts'
import {
  consumerAssignment,
  consumerSubscription,
  decodeConsumerPayload,
  encodeConsumerPayload,
} from '../../../protocol/consumer-protocol.ts'
import { errorCodes } from '../../../protocol/error-codes.ts'
import type { AssignorMember, PartitionAssignor, TopicPartition } from '../../api.ts'
import type { Coordinator } from '../../cluster/coordinator.ts'
import type { GroupMetrics } from '../../metrics/group-metrics.ts'
import { groupByTopic } from '../../offsets/by-topic.ts'
import { keyOf } from '../assignors/balance.ts'
import type { GroupSettings } from '../settings.ts'

/** The newest layout of what members tell each other. */
const payloadVersion = 3
/** The broker answers when the rebalance ends, a little after its time is up at the latest. */
const joinGraceMs = 5000
const protocolType = 'consumer'

export interface Identity {
  memberId: string
  generation: number
}

export interface Subscription {
  readonly topics: readonly string[]
  /** What the member has, or had until a moment ago. */
  readonly owned: readonly TopicPartition[]
  /** Of the group when it was given that. */
  readonly generation: number
}

export interface JoinResult {
  readonly identity: Readonly<Identity>
  readonly assignor: PartitionAssignor
  readonly partitions: readonly TopicPartition[]
  readonly userData: Uint8Array | null
  /** Topics of all members with their partition counts: only where this member leads the group. */
  readonly ledTopics: ReadonlyMap<string, number> | undefined
}

type JoinAnswer = ResponseOf<typeof joinGroup>

/**
 * One go at joining: JoinGroup, the assignment if this member leads, SyncGroup. `identity.memberId` is set as soon as
 * the coordinator gives one (KIP-394).
 * @throws MillraceError with Kafka's name of the error
 */
export async function joinOnce(
  coordinator: Coordinator,
  settings: GroupSettings,
  identity: Identity,
  subscription: Subscription,
  metrics: GroupMetrics,
): Promise<JoinResult> {
  const joinedSinceMs = metrics.nowMs
  const joined = await coordinator.request(
    joinGroup,
    {
      groupId: settings.groupId,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      rebalanceTimeoutMs: settings.rebalanceTimeoutMs,
      memberId: identity.memberId,
      groupInstanceId: settings.groupInstanceId,
      protocolType,
      protocols: settings.assignors.map((assignor) => ({
        name: assignor.name,
        metadata: encodeSubscription(assignor, subscription),
      })),
    },
    { purpose: 'group', timeoutMs: settings.rebalanceTimeoutMs + joinGraceMs },
  )
  if (joined.errorCode === errorCodes.MEMBER_ID_REQUIRED) identity.memberId = joined.memberId
  coordinator.check(joined.errorCode)
  metrics.joined(joinedSinceMs)
  identity.memberId = joined.memberId
  identity.generation = joined.generationId
  const assignor = settings.assignors.find((one) => one.name === joined.protocolName)
  if (assignor === undefined) throw unknownProtocol(joined.protocolName, settings.groupId)
  const led = joined.leader === joined.memberId ? await assignAll(coordinator, assignor, joined) : undefined
  const syncedSinceMs = metrics.nowMs
  const synced = await coordinator.request(
    syncGroup,
    {
      groupId: settings.groupId,
      generationId: identity.generation,
      memberId: identity.memberId,
      groupInstanceId: settings.groupInstanceId,
      protocolType,
      protocolName: assignor.name,
      assignments: led?.assignments ?? [],
    },
    { purpose: 'group', timeoutMs: settings.rebalanceTimeoutMs + joinGraceMs },
  )
  coordinator.check(synced.errorCode)
  metrics.synced(syncedSinceMs)
  const { partitions, userData } = decodeAssignment(synced.assignment)
  return { identity: { ...identity }, assignor, partitions, userData, ledTopics: led?.topics }
}

function encodeSubscription(
  assignor: PartitionAssignor,
  { topics, owned, generation }: Subscription,
): Buffer {
  return encodeConsumerPayload(consumerSubscription, payloadVersion, {
    topics: [...topics].sort(),
    userData: assignor.userData?.(owned) ?? null,
    ownedPartitions: groupByTopic(owned).map(([topic, group]) => ({
      topic,
      partitions: group.map(({ partition }) => partition),
    })),
    generationId: generation,
  })
}

function decodeAssignment(assignment: Buffer): Pick<JoinResult, 'partitions' | 'userData'> {
  // Who got nothing may get no bytes at all.
  if (assignment.length === 0) return { partitions: [], userData: null }
  const { value } = decodeConsumerPayload(consumerAssignment, assignment)
  const partitions = value.assignedPartitions.flatMap(({ topic, partitions: numbers }) =>
    numbers.map((partition) => ({ topic, partition })),
  )
  return { partitions, userData: value.userData }
}

interface Led {
  readonly topics: ReadonlyMap<string, number>
  readonly assignments: { memberId: string; assignment: Buffer }[]
}

async function assignAll(
  coordinator: Coordinator,
  assignor: PartitionAssignor,
  joined: JoinAnswer,
): Promise<Led> {
  const members = settleClaims(joined.members.map(decodeMember))
  const topics = await partitionCounts(coordinator, members)
  // A static member that took its old place back as leader: the assignment stands (KIP-814).
  if (joined.skipAssignment) return { topics, assignments: [] }
  const known = new Map([...topics].filter(([, count]) => count > 0))
  const results = assignor.assign(members, known)
  const assignments = members.map(({ memberId }) => {
    const result = results.get(memberId)
    const assignment = encodeConsumerPayload(consumerAssignment, payloadVersion, {
      assignedPartitions: groupByTopic(result?.partitions ?? []).map(([topic, group]) => ({
        topic,
        partitions: group.map(({ partition }) => partition),
      })),
      userData: result?.userData ?? null,
    })
    return { memberId, assignment }
  })
  return { topics, assignments }
}

type Claimant = AssignorMember & { readonly generation: number }

function decodeMember(member: JoinAnswer['members'][number]): Claimant {
  const { value } = decodeConsumerPayload(consumerSubscription, member.metadata)
  return {
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    topics: value.topics,
    owned: value.ownedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    ),
    userData: value.userData,
    generation: value.generationId,
  }
}

/** Who missed a rebalance may claim what others own by now: the newest generation wins (KIP-792). */
function settleClaims(members: readonly Claimant[]): AssignorMember[] {
  const newest = new Map<string, number>()
  for (const { owned, generation } of members) {
    for (const partition of owned) {
      const key = keyOf(partition)
      newest.set(key, Math.max(newest.get(key) ?? generation, generation))
    }
  }
  return members.map(({ generation, ...member }) => ({
    ...member,
    owned: member.owned.filter((partition) => newest.get(keyOf(partition)) === generation),
  }))
}

/** 0 for topics that are not there. */
async function partitionCounts(
  { cluster }: Coordinator,
  members: readonly AssignorMember[],
): Promise<Map<string, number>> {
  const names = [...new Set(members.flatMap((member) => member.topics))]
  const answer = await cluster.fetchMetadata(names, false)
  const counts = new Map<string, number>(names.map((name) => [name, 0]))
  for (const { name, partitions } of answer.topics) if (name !== null) counts.set(name, partitions.length)
  return counts
}

function unknownProtocol(name: string | null, groupId: string): MillraceError {
  return new MillraceError({
    code: 'INCONSISTENT_GROUP_PROTOCOL',
    what: `the group uses the assignor "${name}", which this member does not offer`,
    where: groupId,
    remedy: 'let all members of the group use the same assignors',
  })
}
