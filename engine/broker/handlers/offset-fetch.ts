/**
 * OffsetFetch (9), versions 1–10.
 *
 * - Offset −1 where nothing was committed. v2: null topics ask for all. v5: leader epochs. v8: several groups (KIP-709).
 * - v7: `requireStable`: UNSTABLE_OFFSET_COMMIT where an open transaction has committed one (KIP-447). v10: topics by id.
 * Deviations: none known.
 */
import { offsetFetch } from '../../protocol/apis/offset-fetch.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { zeroUuid } from '../../protocol/reader.ts'
import type { GroupOffsets } from '../coordinator/group/shard.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

interface AskedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitionIndexes: readonly number[]
  /** Found to be wrong before anything was looked up. */
  readonly fault?: ErrorName
}

export const handleOffsetFetch = handler(offsetFetch, (broker, request, { version }) => {
  if (version >= 8) {
    const groups = request.groups.map(({ groupId, topics }) => {
      const asked = topics?.map((topic) => named(broker, topic, version)) ?? null
      return { groupId, ...read(broker, groupId, asked, request.requireStable) }
    })
    return { topics: [], groups }
  }
  const asked = request.topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null
  const { errorCode, topics } = read(broker, request.groupId, asked, request.requireStable)
  if (version >= 2 || errorCode === errorCodes.NONE) return { topics, errorCode, groups: [] }
  // v1 has no place for the group's error.
  const failed = (asked ?? []).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({ ...none(partitionIndex), errorCode })),
  }))
  return { topics: failed, groups: [] }
})

function named(broker: BrokerContext, topic: AskedTopic, version: number): AskedTopic {
  if (version < 10) return topic
  const known = broker.image.topicById(topic.topicId)
  return known ? { ...topic, name: known.name } : { ...topic, fault: 'UNKNOWN_TOPIC_ID' }
}

function read(
  broker: BrokerContext,
  groupId: string,
  asked: readonly AskedTopic[] | null,
  requireStable: boolean,
) {
  const offsets = broker.groups.offsets.of(groupId)
  if (typeof offsets === 'string') return { errorCode: errorCodes[offsets], topics: [] }
  const wanted = asked ?? allOf(broker, offsets)
  const topics = wanted.map(({ name, topicId, partitionIndexes, fault }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map((partitionIndex) => {
      if (
        requireStable &&
        broker.groups.offsets.isUnstable({ group: groupId, topic: name, partition: partitionIndex })
      ) {
        return { ...none(partitionIndex), errorCode: errorCodes.UNSTABLE_OFFSET_COMMIT }
      }
      const committed = offsets.get(name)?.get(partitionIndex)
      if (!committed) return { ...none(partitionIndex), errorCode: errorCodes[fault ?? 'NONE'] }
      const { offset, leaderEpoch, metadata } = committed
      return {
        partitionIndex,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        metadata,
        errorCode: errorCodes.NONE,
      }
    }),
  }))
  return { errorCode: errorCodes.NONE, topics }
}

function allOf(broker: BrokerContext, offsets: GroupOffsets): AskedTopic[] {
  return [...offsets].flatMap(([name, partitions]) => {
    const topicId = broker.image.topics.get(name)?.topicId ?? zeroUuid
    return partitions.size === 0 ? [] : [{ name, topicId, partitionIndexes: [...partitions.keys()] }]
  })
}

function none(partitionIndex: number) {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '' }
}
