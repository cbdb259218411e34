import type { AssignorMember, AssignorResult, PartitionAssignor, TopicPartition } from '../../api.ts'
import { allPartitions, byTopic, inOrder, toResults } from './common.ts'

/** Kafka's `roundrobin`: all partitions of all topics in order go to the members in turn, passing over who does not read the topic. */
export const roundRobinAssignor: PartitionAssignor = {
  name: 'roundrobin',
  protocol: 'eager',
  assign: assignInTurn,
}

function assignInTurn(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): ReadonlyMap<string, AssignorResult> {
  const ordered = inOrder(members)
  const assigned = new Map<string, TopicPartition[]>(ordered.map((member) => [member.memberId, []]))
  const topics = byTopic(members).map(([topic]) => topic)
  let turn = 0
  for (const partition of allPartitions(topics, partitionCounts)) {
    // Every topic has a subscriber, so this ends.
    while (!ordered[turn % ordered.length]!.topics.includes(partition.topic)) turn++
    assigned.get(ordered[turn % ordered.length]!.memberId)!.push(partition)
    turn++
  }
  return toResults(assigned)
}
