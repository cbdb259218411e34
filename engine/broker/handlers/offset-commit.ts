/**
 * OffsetCommit (8), versions 2–10.
 *
 * - A negative generation commits to a group that has no members (simple consumers, administrators).
 * - v6: leader epochs are kept. v7: static members. v10: topics by id, UNKNOWN_TOPIC_ID for one that is not there.
 * - OFFSET_METADATA_TOO_LARGE past offset.metadata.max.bytes; UNKNOWN_TOPIC_OR_PARTITION for partitions that are not there.
 * Deviations: the retention time of v2–4 is not kept, as in Kafka 4.
 */
import { offsetCommit } from '../../protocol/apis/offset-commit.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import type { OffsetToCommit } from '../coordinator/group/offset-commits.ts'
import { handler } from '../server/handler.ts'

export const handleOffsetCommit = handler(offsetCommit, async (broker, request, { version }) => {
  const metadataBytesMax = broker.settings.number('offset.metadata.max.bytes')
  const commits: OffsetToCommit[] = []
  const topics = request.topics.map((topic) => {
    const known = version >= 10 ? broker.image.topicById(topic.topicId) : broker.image.topics.get(topic.name)
    const partitions = topic.partitions.map((partition) => {
      const metadata = partition.committedMetadata ?? ''
      let fault: ErrorName = 'NONE'
      if (!known && version >= 10) fault = 'UNKNOWN_TOPIC_ID'
      else if (!known?.partitions[partition.partitionIndex]) fault = 'UNKNOWN_TOPIC_OR_PARTITION'
      else if (Buffer.byteLength(metadata) > metadataBytesMax) fault = 'OFFSET_METADATA_TOO_LARGE'
      else {
        commits.push({
          topic: known.name,
          partition: partition.partitionIndex,
          offset: partition.committedOffset,
          leaderEpoch: partition.committedLeaderEpoch,
          metadata,
        })
      }
      return { partitionIndex: partition.partitionIndex, fault }
    })
    return { name: topic.name, topicId: topic.topicId, partitions }
  })
  const claim = {
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationIdOrMemberEpoch,
  }
  const error = await broker.groups.offsets.commit(request.groupId, claim, commits)
  return {
    topics: topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex, fault }) => {
        return { partitionIndex, errorCode: errorCodes[fault === 'NONE' ? error : fault] }
      }),
    })),
  }
})
