/**
 * DescribeTopicPartitions (75), version 0.
 *
 * KIP-966: topics by name, in the order of their names, page by page; without names all of them. A page ends within a topic
 * where `responsePartitionLimit` is reached, and `nextCursor` says where to go on.
 * Deviations: the eligible leader replicas are those of the in-sync set's suspects only where there is no leader; authorized
 * operations are never given, as there is no authorizer.
 */
import type { ResponseInput } from '../../protocol/api.ts'
import { describeTopicPartitions } from '../../protocol/apis/describe-topic-partitions.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { zeroUuid } from '../../protocol/reader.ts'
import type { ClusterImage, TopicImage } from '../controller/image.ts'
import { isInternalTopic, topicNameFault } from '../controller/topic-names.ts'
import { handler } from '../server/handler.ts'

/** max.request.partition.size.limit */
const partitionsMax = 2000

type TopicAnswer = ResponseInput<typeof describeTopicPartitions>['topics'][number]

export const handleDescribeTopicPartitions = handler(
  describeTopicPartitions,
  ({ image }, { topics, cursor, responsePartitionLimit }) => {
    if (cursor && cursor.partitionIndex < 0) {
      return { topics: topics.map(({ name }) => missing(name, 'INVALID_REQUEST')), nextCursor: null }
    }
    const asked = topics.length > 0 ? topics.map(({ name }) => name) : [...image.topics.keys()]
    const names = [...new Set(asked)].sort().filter((name) => !cursor || name >= cursor.topicName)
    let left = Math.max(1, Math.min(partitionsMax, responsePartitionLimit))
    const answers: TopicAnswer[] = []
    for (const name of names) {
      const topic = image.topics.get(name)
      const first = cursor?.topicName === name ? cursor.partitionIndex : 0
      if (left <= 0) return { topics: answers, nextCursor: { topicName: name, partitionIndex: first } }
      if (!topic) {
        const error =
          topicNameFault(name) === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION'
        answers.push(missing(name, error))
        continue
      }
      const end = Math.min(topic.partitions.length, first + left)
      answers.push(describe(image, topic, first, end))
      left -= end - first
      if (end < topic.partitions.length) {
        return { topics: answers, nextCursor: { topicName: name, partitionIndex: end } }
      }
    }
    return { topics: answers, nextCursor: null }
  },
)

function describe(image: ClusterImage, topic: TopicImage, first: number, end: number): TopicAnswer {
  return {
    errorCode: errorCodes.NONE,
    name: topic.name,
    topicId: topic.topicId,
    isInternal: isInternalTopic(topic.name),
    partitions: topic.partitions.slice(first, end).map((state, i) => ({
      errorCode: errorCodes.NONE,
      partitionIndex: first + i,
      leaderId: state.leader,
      leaderEpoch: state.leaderEpoch,
      replicaNodes: [...state.replicas],
      isrNodes: [...state.isr],
      eligibleLeaderReplicas: state.suspects?.map(({ id }) => id) ?? [],
      lastKnownElr: [],
      offlineReplicas: state.replicas.filter((id) => !image.isActive(id)),
    })),
  }
}

function missing(name: string, error: ErrorName): TopicAnswer {
  return { errorCode: errorCodes[error], name, topicId: zeroUuid, isInternal: false, partitions: [] }
}
