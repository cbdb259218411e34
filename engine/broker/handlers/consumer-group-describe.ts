/**
 * ConsumerGroupDescribe (69), versions 0–1.
 *
 * KIP-848: groups of the new protocol with epochs, members, what each has and where it goes. GROUP_ID_NOT_FOUND for others,
 * those of the classic protocol too.
 * - UNSUPPORTED_VERSION while group.version is 0.
 * Deviations: authorized operations are never given, as there is no authorizer.
 */
import { consumerGroupDescribe, memberTypes } from '../../protocol/apis/consumer-group-describe.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { featureLevel } from '../controller/features.ts'
import { type ConsumerGroup, stateOf } from '../coordinator/consumer-group/group.ts'
import { noPartitions, type Partitions, toList } from '../coordinator/consumer-group/partitions.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

export const handleConsumerGroupDescribe = handler(consumerGroupDescribe, (broker, { groupIds }) => ({
  groups: groupIds.map((groupId) => {
    if (featureLevel(broker.image, 'group.version') === 0) {
      return { ...nothing(groupId), errorCode: errorCodes.UNSUPPORTED_VERSION }
    }
    const group = broker.groups.consumerGroup(groupId)
    if (typeof group === 'string') return { ...nothing(groupId), errorCode: errorCodes[group] }
    if (group) return describe(broker, group)
    const errorMessage = `Group ${groupId} is not a consumer group.`
    return { ...nothing(groupId), errorCode: errorCodes.GROUP_ID_NOT_FOUND, errorMessage }
  }),
}))

function nothing(groupId: string) {
  return { groupId, groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
}

function describe(broker: BrokerContext, group: ConsumerGroup) {
  const assignment = (partitions: Partitions) => ({
    topicPartitions: toList(partitions).map(({ topicId, partitions: numbers }) => ({
      topicId,
      topicName: broker.image.topicById(topicId)?.name ?? '',
      partitions: numbers,
    })),
  })
  return {
    errorCode: errorCodes.NONE,
    groupId: group.groupId,
    groupState: stateOf(group),
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: broker.groups.consumerGroups.assignorOf(group),
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      rackId: member.rackId,
      memberEpoch: member.epoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: [...member.subscribedTopics],
      subscribedTopicRegex: member.subscribedRegex,
      assignment: assignment(member.assigned),
      targetAssignment: assignment(group.target.get(member.memberId) ?? noPartitions),
      memberType: memberTypes.consumer,
    })),
  }
}
