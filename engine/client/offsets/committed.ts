import { offsetCommit } from '../../protocol/apis/offset-commit.ts'
import { offsetFetch } from '../../protocol/apis/offset-fetch.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { OffsetAndMetadata, TopicPartition } from '../api.ts'
import type { Coordinator } from '../cluster/coordinator.ts'
import { kafkaError } from '../kafka-error.ts'
import { groupByTopic } from './by-topic.ts'

/** Topic ids take the place of names from then on. */
export const lastOffsetVersionByName = 9

export type CommittedOffset = TopicPartition & OffsetAndMetadata

/** What a group has committed: of the given partitions, or of all with null. Those without a commit are left out. */
export async function fetchCommitted(
  coordinator: Coordinator,
  partitions: readonly TopicPartition[] | null,
): Promise<CommittedOffset[]> {
  const { key: groupId } = coordinator
  return coordinator.retrying(async () => {
    const topics =
      partitions === null
        ? null
        : groupByTopic(partitions).map(([name, group]) => ({
            name,
            partitionIndexes: group.map(({ partition }) => partition),
          }))
    const answer = await coordinator.request(
      offsetFetch,
      (version) =>
        version >= 8
          ? { groups: [{ groupId, topics }], requireStable: true }
          : { groupId, topics, requireStable: version >= 7 },
      { versionMax: lastOffsetVersionByName },
    )
    const group = answer.groups[0] ?? answer
    coordinator.check(group.errorCode)
    const found: CommittedOffset[] = []
    for (const { name: topic, partitions: answers } of group.topics) {
      for (const one of answers) {
        coordinator.check(one.errorCode, `${topic}-${one.partitionIndex}`)
        if (one.committedOffset < 0) continue
        const leaderEpoch = one.committedLeaderEpoch < 0 ? undefined : one.committedLeaderEpoch
        const metadata = one.metadata ?? ''
        found.push({
          topic,
          partition: one.partitionIndex,
          offset: one.committedOffset,
          leaderEpoch,
          metadata,
        })
      }
    }
    return found
  })
}

/** As an outsider: the coordinator refuses unless the group is empty. */
export async function resetGroupOffsets(
  coordinator: Coordinator,
  offsets: ReadonlyArray<TopicPartition & { offset: number }>,
): Promise<void> {
  if (offsets.length === 0) return
  const { key: groupId } = coordinator
  await coordinator.retrying(async () => {
    const topics = groupByTopic(offsets).map(([name, group]) => ({
      name,
      partitions: group.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedMetadata: '',
      })),
    }))
    const options = { versionMax: lastOffsetVersionByName }
    const answer = await coordinator.request(offsetCommit, { groupId, topics }, options)
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        if (errorCode === errorCodes.UNKNOWN_MEMBER_ID) {
          throw kafkaError(errorCodes.NON_EMPTY_GROUP, groupId, 'stop its members first')
        }
        coordinator.check(errorCode, `${name}-${partitionIndex}`)
      }
    }
  })
}
