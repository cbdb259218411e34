/**
 * OffsetDelete (47), version 0.
 *
 * KIP-496: committed offsets of a group, also of one that has members: then only of topics that none of them subscribes to,
 * GROUP_SUBSCRIBED_TO_TOPIC for others. UNKNOWN_TOPIC_OR_PARTITION for partitions that are not there.
 * Deviations: none known.
 */
import { offsetDelete } from '../../protocol/apis/offset-delete.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleOffsetDelete = handler(offsetDelete, async (broker, { groupId, topics }) => {
  const asked = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
  )
  const known = asked.filter(({ topic, partition }) => broker.image.partition(topic, partition))
  const answers = await broker.groups.removal.deleteOffsets(groupId, known)
  if (typeof answers === 'string') return { errorCode: errorCodes[answers], topics: [] }
  const errors = new Map<string, ErrorName>(
    known.map(({ topic, partition }, i) => [`${topic}:${partition}`, answers[i]!]),
  )
  return {
    errorCode: errorCodes.NONE,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const error = errors.get(`${name}:${partitionIndex}`) ?? 'UNKNOWN_TOPIC_OR_PARTITION'
        return { partitionIndex, errorCode: errorCodes[error] }
      }),
    })),
  }
})
