import type { AssignorMember, AssignorResult, TopicPartition } from '../../api.ts'

/** Static members by their instance id, ahead of the others by their member id: so they keep their place (KIP-345). */
export function inOrder(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((a, b) => compare(orderKey(a), orderKey(b)))
}

function orderKey(member: AssignorMember): string {
  return member.groupInstanceId === null ? `1${member.memberId}` : `0${member.groupInstanceId}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Topics in order of name, each with its subscribers. */
export function byTopic(members: readonly AssignorMember[]): [string, AssignorMember[]][] {
  const topics = new Map<string, AssignorMember[]>()
  for (const member of members) {
    for (const topic of new Set(member.topics)) {
      const subscribers = topics.get(topic)
      if (subscribers === undefined) topics.set(topic, [member])
      else subscribers.push(member)
    }
  }
  return [...topics].sort(([a], [b]) => compare(a, b))
}

/** All partitions of the topics, in order. */
export function allPartitions(
  topics: readonly string[],
  partitionCounts: ReadonlyMap<string, number>,
): TopicPartition[] {
  return topics.flatMap((topic) =>
    Array.from({ length: partitionCounts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
  )
}

export function toResults(
  assigned: ReadonlyMap<string, readonly TopicPartition[]>,
): Map<string, AssignorResult> {
  return new Map([...assigned].map(([memberId, partitions]) => [memberId, { partitions }]))
}
