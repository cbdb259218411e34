/**
 * ConsumerGroupHeartbeat (68), versions 0–1.
 *
 * KIP-848: a member joins, tells that it lives and what it has, and is told what to have; the coordinator assigns.
 * - v1: the client chooses its member id (KIP-1082); in v0 the coordinator does where it is left out. Subscriptions by regular
 *   expression: RE2's syntax, for the whole name (INVALID_REGULAR_EXPRESSION).
 * - UNSUPPORTED_VERSION while group.version is 0.
 * Deviations: a topic is found by a regular expression at the next heartbeat, and what it finds is not stored (Kafka looks in
 * passing, and keeps ConsumerGroupRegularExpression records); members of the classic protocol cannot be in the same group
 * (group.consumer.migration.policy is `disabled`).
 */
import { consumerGroupHeartbeat } from '../../protocol/apis/consumer-group-heartbeat.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { featureLevel } from '../controller/features.ts'
import { joinEpoch } from '../coordinator/consumer-group/machine.ts'
import { partitionsOf, toList } from '../coordinator/consumer-group/partitions.ts'
import { handler } from '../server/handler.ts'

export const handleConsumerGroupHeartbeat = handler(
  consumerGroupHeartbeat,
  async (broker, request, { version, clientId, client }) => {
    const { groupId, memberEpoch, topicPartitions } = request
    const heartbeatIntervalMs = broker.settings.number('group.consumer.heartbeat.interval.ms')
    if (featureLevel(broker.image, 'group.version') === 0) {
      const errorCode = errorCodes.UNSUPPORTED_VERSION
      return { errorCode, memberId: request.memberId, memberEpoch, heartbeatIntervalMs }
    }
    const isNameless = version === 0 && request.memberId === '' && memberEpoch === joinEpoch
    const answer = await broker.groups.consumerGroups.heartbeat(groupId, {
      memberId: isNameless ? broker.environment.random.uuid() : request.memberId,
      memberEpoch,
      instanceId: request.instanceId,
      rackId: request.rackId,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      subscribedTopics: request.subscribedTopicNames,
      subscribedRegex: request.subscribedTopicRegex,
      assignor: request.serverAssignor,
      owned: topicPartitions && partitionsOf(topicPartitions),
      clientId,
      clientHost: `/${client.host}`,
    })
    return {
      errorCode: errorCodes[answer.error],
      errorMessage: answer.message ?? null,
      memberId: answer.memberId,
      memberEpoch: answer.memberEpoch,
      heartbeatIntervalMs,
      assignment: answer.assignment ? { topicPartitions: toList(answer.assignment) } : null,
    }
  },
)
