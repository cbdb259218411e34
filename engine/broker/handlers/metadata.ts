/**
 * Metadata (3), versions 0–13.
 *
 * Brokers, topics, partitions with leader, epoch, replicas and in-sync set, as this broker knows them.
 * - v0: an empty list asks for all topics; from v1 null does. v4: `allowAutoTopicCreation`; earlier versions allow it.
 * - v10: topic ids, real ones. v12: topics by id: UNKNOWN_TOPIC_ID if there is none; before, INVALID_REQUEST.
 * - Unknown topics are created where the client and auto.create.topics.enable allow it.
 * Deviations: an auto-created topic is answered as it is once created, not with LEADER_NOT_AVAILABLE first. Authorized
 * operations are never given, as there is no authorizer.
 */

import type { RequestOf, ResponseInput } from '../../protocol/api.ts'
import { metadata } from '../../protocol/apis/metadata.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { zeroUuid } from '../../protocol/reader.ts'
import type { TopicImage } from '../controller/image.ts'
import { isInternalTopic, topicNameFault } from '../controller/topic-names.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { ensureTopic } from '../server/topic-creation.ts'

type TopicAnswer = NonNullable<ResponseInput<typeof metadata>['topics']>[number]

export const handleMetadata = handler(metadata, async (broker, request, { version }) => {
  const asked = request.topics
  const wantsAll = asked === null || (version === 0 && asked.length === 0)
  const topics = wantsAll
    ? [...broker.image.topics.values()].map((topic) => describe(broker, topic))
    : await Promise.all(asked.map((topic) => describeAsked(broker, request, topic, version)))
  const brokers = [...broker.image.brokers.values()]
    .filter((each) => !each.fenced)
    .map(({ id, host, port }) => ({ nodeId: id, host, port, rack: null }))
  const { controllerId } = broker
  return {
    brokers,
    clusterId: broker.image.clusterId,
    controllerId: brokers.find(({ nodeId }) => nodeId === controllerId)?.nodeId ?? brokers[0]?.nodeId ?? -1,
    topics,
  }
})

async function describeAsked(
  broker: BrokerContext,
  request: RequestOf<typeof metadata>,
  asked: { readonly topicId: string; readonly name: string | null },
  version: number,
): Promise<TopicAnswer> {
  if (asked.name === null) {
    // Answers have no room for a topic without a name yet.
    if (version < 12) return missing('INVALID_REQUEST', '', asked.topicId)
    const topic = broker.image.topicById(asked.topicId)
    return topic ? describe(broker, topic) : missing('UNKNOWN_TOPIC_ID', null, asked.topicId)
  }
  const known = broker.image.topics.get(asked.name)
  if (known) return describe(broker, known)
  if (topicNameFault(asked.name) !== undefined) return missing('INVALID_TOPIC_EXCEPTION', asked.name)
  if (!request.allowAutoTopicCreation || !broker.settings.flag('auto.create.topics.enable')) {
    return missing('UNKNOWN_TOPIC_OR_PARTITION', asked.name)
  }
  const error = await ensureTopic(broker, asked.name)
  const created = broker.image.topics.get(asked.name)
  return created ? describe(broker, created) : missing(error, asked.name)
}

function missing(error: ErrorName, name: string | null, topicId = zeroUuid): TopicAnswer {
  return { errorCode: errorCodes[error], name, topicId, isInternal: false, partitions: [] }
}

function describe(broker: BrokerContext, topic: TopicImage): TopicAnswer {
  const { image } = broker
  return {
    errorCode: errorCodes.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.map((state, partitionIndex) => ({
      errorCode: state.leader === -1 ? errorCodes.LEADER_NOT_AVAILABLE : errorCodes.NONE,
      partitionIndex,
      leaderId: state.leader,
      leaderEpoch: state.leaderEpoch,
      replicaNodes: state.replicas,
      isrNodes: state.isr,
      offlineReplicas: state.replicas.filter((id) => !image.isActive(id)),
    })),
  }
}
