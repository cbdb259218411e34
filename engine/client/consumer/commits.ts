import { MillraceError } from '../../base/errors.ts'
import { offsetCommit } from '../../protocol/apis/offset-commit.ts'
import type { OffsetAndMetadata, TopicPartition } from '../api.ts'
import type { Coordinator } from '../cluster/coordinator.ts'
import { groupByTopic, placeOf } from '../offsets/by-topic.ts'
import { lastOffsetVersionByName } from '../offsets/committed.ts'
import type { Identity } from './group/join.ts'

export type Commit = TopicPartition & OffsetAndMetadata

/**
 * Commits in the name of a member; what fails in passing is tried again.
 * @throws MillraceError ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, FENCED_INSTANCE_ID where the
 *   group has gone on without this member; other errors of Kafka's by name
 */
export async function commitOffsets(
  coordinator: Coordinator,
  groupInstanceId: string | null,
  identity: Readonly<Identity>,
  commits: readonly Commit[],
  timeoutMs?: number,
): Promise<void> {
  for (const commit of commits) {
    if (!(Number.isSafeInteger(commit.offset) && commit.offset >= 0)) throw badOffset(commit)
  }
  const topics = groupByTopic(commits).map(([name, group]) => ({
    name,
    partitions: group.map(({ partition, offset, leaderEpoch, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch ?? -1,
      committedMetadata: metadata ?? '',
    })),
  }))
  const { memberId, generation } = identity
  const body = {
    groupId: coordinator.key,
    generationIdOrMemberEpoch: generation,
    memberId,
    groupInstanceId,
    topics,
  }
  await coordinator.retrying(async () => {
    const answer = await coordinator.request(offsetCommit, body, { versionMax: lastOffsetVersionByName })
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        coordinator.check(errorCode, `group ${coordinator.key}, ${name}-${partitionIndex}`)
      }
    }
  }, timeoutMs)
}

function badOffset(commit: Commit): MillraceError {
  return new MillraceError({
    code: 'BAD_OFFSET',
    what: `${commit.offset} can't be committed`,
    where: placeOf(commit),
    remedy: 'give a whole number of 0 or more',
  })
}
