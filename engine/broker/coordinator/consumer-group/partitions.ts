/** Partitions by topic id. No topic without any. */
export type Partitions = ReadonlyMap<string, ReadonlySet<number>>

export const noPartitions: Partitions = new Map()

export function partitionsOf(
  list: readonly { readonly topicId: string; readonly partitions: readonly number[] }[],
): Partitions {
  return grouped(
    list.flatMap(({ topicId, partitions }) => partitions.map((each) => [topicId, each] as const)),
  )
}

export function toList(partitions: Partitions): { topicId: string; partitions: number[] }[] {
  return [...partitions].map(([topicId, set]) => ({ topicId, partitions: [...set].sort((a, b) => a - b) }))
}

export function* each(partitions: Partitions): Generator<readonly [topicId: string, partition: number]> {
  for (const [topicId, set] of partitions) for (const partition of set) yield [topicId, partition]
}

export function grouped(pairs: Iterable<readonly [topicId: string, partition: number]>): Partitions {
  const topics = new Map<string, Set<number>>()
  for (const [topicId, partition] of pairs) {
    const set = topics.get(topicId)
    if (set) set.add(partition)
    else topics.set(topicId, new Set([partition]))
  }
  return topics
}

export function has(partitions: Partitions, topicId: string, partition: number): boolean {
  return partitions.get(topicId)?.has(partition) ?? false
}

export function where(
  partitions: Partitions,
  isWanted: (topicId: string, partition: number) => boolean,
): Partitions {
  return grouped([...each(partitions)].filter(([topicId, partition]) => isWanted(topicId, partition)))
}

export function both(a: Partitions, b: Partitions): Partitions {
  return where(a, (topicId, partition) => has(b, topicId, partition))
}

export function without(a: Partitions, b: Partitions): Partitions {
  return where(a, (topicId, partition) => !has(b, topicId, partition))
}

export function together(a: Partitions, b: Partitions): Partitions {
  if (b.size === 0) return a
  return grouped([...each(a), ...each(b)])
}

export function overlaps(a: Partitions, b: Partitions): boolean {
  for (const [topicId, partition] of each(a)) if (has(b, topicId, partition)) return true
  return false
}

export function covers(a: Partitions, b: Partitions): boolean {
  for (const [topicId, partition] of each(b)) if (!has(a, topicId, partition)) return false
  return true
}

export function areSame(a: Partitions, b: Partitions): boolean {
  if (a === b) return true
  return covers(a, b) && covers(b, a)
}
