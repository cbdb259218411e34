/**
 * Replicas spread over brokers, without racks: leaders go round from `start`, and each further round shifts the
 * followers by one more, so that the followers of one broker's leaders differ.
 */
export function placeReplicas(
  brokers: readonly number[],
  partitions: number,
  replicationFactor: number,
  start: number,
): number[][] {
  const sorted = [...brokers].sort((a, b) => a - b)
  const count = sorted.length
  return Array.from({ length: partitions }, (_, partition) => {
    const first = (start + partition) % count
    const shift = Math.floor(partition / count)
    const replicas = [sorted[first]!]
    for (let follower = 1; follower < replicationFactor; follower++) {
      const distance = 1 + ((shift + follower - 1) % (count - 1))
      replicas.push(sorted[(first + distance) % count]!)
    }
    return replicas
  })
}
