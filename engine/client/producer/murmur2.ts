const seed = 0x9747b28c | 0
const multiplier = 0x5bd1e995
const shift = 24

/** Kafka's murmur2, as a signed 32-bit number: what places keyed records, the same in every client of Kafka's. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let hash = seed ^ length
  const blocksEnd = length & ~3
  for (let at = 0; at < blocksEnd; at += 4) {
    let block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    block = Math.imul(block, multiplier)
    block ^= block >>> shift
    hash = Math.imul(hash, multiplier) ^ Math.imul(block, multiplier)
  }
  const rest = length & 3
  if (rest === 3) hash ^= bytes[blocksEnd + 2]! << 16
  if (rest >= 2) hash ^= bytes[blocksEnd + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ bytes[blocksEnd]!, multiplier)
  hash ^= hash >>> 13
  hash = Math.imul(hash, multiplier)
  return hash ^ (hash >>> 15)
}

/** Where Kafka's clients put a record with this key. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
