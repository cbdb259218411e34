import { isMillraceError } from '../../base/errors.ts'
import type { ResponseOf } from '../../protocol/api.ts'
import { consumerGroupDescribe } from '../../protocol/apis/consumer-group-describe.ts'
import { deleteGroups as deleteGroupsApi } from '../../protocol/apis/delete-groups.ts'
import { describeGroups as describeGroupsApi } from '../../protocol/apis/describe-groups.ts'
import { leaveGroup } from '../../protocol/apis/leave-group.ts'
import { listGroups as listGroupsApi } from '../../protocol/apis/list-groups.ts'
import { offsetDelete } from '../../protocol/apis/offset-delete.ts'
import { consumerAssignment, decodeConsumerPayload } from '../../protocol/consumer-protocol.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { GroupDescription, GroupListing, TopicPartition } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { Coordinator } from '../cluster/coordinator.ts'
import { retrying } from '../cluster/retrying.ts'
import { checkCode, notInAnswer } from '../kafka-error.ts'
import { groupByTopic } from '../offsets/by-topic.ts'

/** Every broker lists the groups that it coordinates. */
export async function listGroups(cluster: ClusterClient): Promise<GroupListing[]> {
  return retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    await cluster.refresh()
    const nodes = [...cluster.metadata.brokers.keys()]
    const answers = await Promise.all(nodes.map((node) => cluster.request(node, listGroupsApi, {})))
    const groups = new Map<string, GroupListing>()
    for (const answer of answers) {
      checkCode(answer.errorCode)
      for (const { groupId, protocolType, groupState, groupType } of answer.groups) {
        groups.set(groupId, { groupId, protocolType, state: groupState, type: groupType || 'classic' })
      }
    }
    return [...groups.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
  })
}

export function describeGroups(
  cluster: ClusterClient,
  groupIds: readonly string[],
): Promise<GroupDescription[]> {
  return Promise.all(groupIds.map((groupId) => describeGroup(cluster, groupId)))
}

function describeGroup(cluster: ClusterClient, groupId: string): Promise<GroupDescription> {
  return retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const coordinator = new Coordinator(cluster, 'group', groupId)
    const answer = await coordinator.request(describeGroupsApi, { groups: [groupId] })
    const group = answer.groups.find((one) => one.groupId === groupId)
    if (group === undefined) throw notInAnswer(groupId)
    // From v6 a group that is not there is an error; before, it was described as dead.
    if (group.errorCode !== errorCodes.GROUP_ID_NOT_FOUND) coordinator.check(group.errorCode)
    if (!group.groupState || group.groupState === 'Dead') {
      const found = await describeConsumerGroup(coordinator)
      if (found) return found
    }
    return {
      groupId,
      state: group.groupState || 'Dead',
      protocolType: group.protocolType,
      protocol: group.protocolData,
      coordinator: await coordinator.node(),
      members: group.members.map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        host: member.clientHost,
        assignment: group.protocolType === 'consumer' ? partitionsOf(member.memberAssignment) : [],
      })),
    }
  })
}

/** Of the consumer protocol (KIP-848); undefined when it is not there, or the broker does not know the protocol. */
async function describeConsumerGroup(coordinator: Coordinator): Promise<GroupDescription | undefined> {
  const { key: groupId } = coordinator
  let answer: ResponseOf<typeof consumerGroupDescribe>
  try {
    answer = await coordinator.request(consumerGroupDescribe, {
      groupIds: [groupId],
      includeAuthorizedOperations: false,
    })
  } catch (thrown) {
    if (isMillraceError(thrown, 'UNSUPPORTED_VERSION')) return undefined
    throw thrown
  }
  const group = answer.groups.find((one) => one.groupId === groupId)
  if (group === undefined || group.errorCode === errorCodes.GROUP_ID_NOT_FOUND) return undefined
  coordinator.check(group.errorCode)
  return {
    groupId,
    state: group.groupState,
    protocolType: 'consumer',
    protocol: group.assignorName,
    coordinator: await coordinator.node(),
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: member.assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    })),
  }
}

/** In the members' name, as they would have left: brokers ask no one who has said so (KIP-345). */
export async function removeGroupMembers(
  cluster: ClusterClient,
  groupId: string,
  memberIds: readonly string[],
): Promise<void> {
  const coordinator = new Coordinator(cluster, 'group', groupId)
  for (const memberId of memberIds) {
    await coordinator.retrying(async () => {
      const answer = await coordinator.request(leaveGroup, (version) =>
        version >= 3 ? { groupId, members: [{ memberId }] } : { groupId, memberId },
      )
      for (const { errorCode } of [answer, ...answer.members]) {
        if (errorCode !== errorCodes.UNKNOWN_MEMBER_ID) coordinator.check(errorCode)
      }
    })
  }
}

/** Each by its own coordinator. */
export async function deleteGroups(cluster: ClusterClient, groupIds: readonly string[]): Promise<void> {
  for (const groupId of groupIds) {
    const coordinator = new Coordinator(cluster, 'group', groupId)
    await coordinator.retrying(async () => {
      const answer = await coordinator.request(deleteGroupsApi, { groupsNames: [groupId] })
      coordinator.check(answer.results[0]?.errorCode ?? errorCodes.GROUP_ID_NOT_FOUND, groupId)
    })
  }
}

export async function deleteGroupOffsets(
  cluster: ClusterClient,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const coordinator = new Coordinator(cluster, 'group', groupId)
  const topics = groupByTopic(partitions).map(([name, group]) => ({
    name,
    partitions: group.map(({ partition }) => ({ partitionIndex: partition })),
  }))
  await coordinator.retrying(async () => {
    const answer = await coordinator.request(offsetDelete, { groupId, topics })
    coordinator.check(answer.errorCode, groupId)
    for (const { name, partitions: answers } of answer.topics) {
      for (const { partitionIndex, errorCode } of answers)
        coordinator.check(errorCode, `${name}-${partitionIndex}`)
    }
  })
}

function partitionsOf(assignment: Buffer): TopicPartition[] {
  if (assignment.length === 0) return []
  const { value } = decodeConsumerPayload(consumerAssignment, assignment)
  return value.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}
