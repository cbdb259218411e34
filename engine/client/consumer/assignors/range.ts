import type { AssignorMember, AssignorResult, PartitionAssignor, TopicPartition } from '../../api.ts'
import { byTopic, inOrder, toResults } from './common.ts'

/**
 * Kafka's `range`: topic by topic, the partitions in order are dealt out in runs to the members in order, so that
 * topics with the same number of partitions come to lie alike. The first members get one more where it does not divide.
 */
export const rangeAssignor: PartitionAssignor = {
  name: 'range',
  protocol: 'eager',
  assign: assignRanges,
}

function assignRanges(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): ReadonlyMap<string, AssignorResult> {
  const assigned = new Map<string, TopicPartition[]>(members.map((member) => [member.memberId, []]))
  for (const [topic, subscribers] of byTopic(members)) {
    const count = partitionCounts.get(topic) ?? 0
    const ordered = inOrder(subscribers)
    const least = Math.floor(count / ordered.length)
    const withOneMore = count % ordered.length
    let next = 0
    for (const [index, member] of ordered.entries()) {
      const end = next + least + (index < withOneMore ? 1 : 0)
      for (; next < end; next++) assigned.get(member.memberId)!.push({ topic, partition: next })
    }
  }
  return toResults(assigned)
}
