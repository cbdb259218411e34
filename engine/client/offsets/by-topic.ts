import type { TopicPartition } from '../api.ts'

export function groupByTopic<T extends TopicPartition>(items: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.topic)
    if (group === undefined) groups.set(item.topic, [item])
    else group.push(item)
  }
  return [...groups]
}

export function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
