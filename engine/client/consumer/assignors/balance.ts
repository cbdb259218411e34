import type { AssignorMember, TopicPartition } from '../../api.ts'
import { allPartitions, byTopic, inOrder } from './common.ts'

interface Holder {
  readonly member: AssignorMember
  readonly topics: ReadonlySet<string>
  partitions: TopicPartition[]
}

/**
 * Everyone keeps what they own as far as balance allows: first the claims, then what nobody has goes to whoever has
 * the least, and at last partitions move from those with the most to those with at least two fewer.
 */
export function balance(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const holders = inOrder(members).map((member): Holder => {
    return { member, topics: new Set(member.topics), partitions: [] }
  })
  const topics = byTopic(members).map(([topic]) => topic)
  const free = new Map(allPartitions(topics, partitionCounts).map((one) => [keyOf(one), one]))
  for (const holder of holders) keepOwned(holder, free)
  for (const partition of free.values()) {
    leastLoaded(holders, partition.topic)?.partitions.push(partition)
  }
  while (moveOne(holders)) {
    // Every move lowers the sum of the squares of the loads, so this ends.
  }
  return new Map(holders.map((holder) => [holder.member.memberId, holder.partitions]))
}

function keepOwned(holder: Holder, free: Map<string, TopicPartition>): void {
  for (const owned of holder.member.owned) {
    const key = keyOf(owned)
    const partition = free.get(key)
    if (partition === undefined || !holder.topics.has(owned.topic)) continue
    free.delete(key)
    holder.partitions.push(partition)
  }
}

function leastLoaded(holders: readonly Holder[], topic: string): Holder | undefined {
  let best: Holder | undefined
  for (const holder of holders) {
    if (!holder.topics.has(topic)) continue
    if (best === undefined || holder.partitions.length < best.partitions.length) best = holder
  }
  return best
}

function moveOne(holders: readonly Holder[]): boolean {
  const heaviestFirst = [...holders].sort((a, b) => b.partitions.length - a.partitions.length)
  for (const giver of heaviestFirst) {
    // From the end: what was added last is what others claim least.
    for (let index = giver.partitions.length - 1; index >= 0; index--) {
      const partition = giver.partitions[index]!
      const taker = leastLoaded(holders, partition.topic)
      if (taker === undefined || taker.partitions.length > giver.partitions.length - 2) continue
      giver.partitions.splice(index, 1)
      taker.partitions.push(partition)
      return true
    }
  }
  return false
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}\0${partition}`
}
