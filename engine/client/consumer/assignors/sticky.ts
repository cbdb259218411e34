import { malformed } from '../../../protocol/faults.ts'
import { Reader } from '../../../protocol/reader.ts'
import { Writer } from '../../../protocol/writer.ts'
import type { AssignorMember, PartitionAssignor, TopicPartition } from '../../api.ts'
import { groupByTopic } from '../../offsets/by-topic.ts'
import { balance, keyOf } from './balance.ts'
import { toResults } from './common.ts'

interface Claim {
  readonly owned: readonly TopicPartition[]
  readonly generation: number
}

/**
 * Kafka's `sticky`: balanced, and everyone keeps what they had where that allows. What they had travels in the user
 * data, in the layout of Kafka's own (topics with partitions, generation). One per consumer, as it remembers.
 */
export function createStickyAssignor(): PartitionAssignor {
  let generation = -1
  return {
    name: 'sticky',
    protocol: 'eager',
    userData: (owned) => encodeClaim({ owned, generation }),
    assign: (members, partitionCounts) => toResults(balance(settleClaims(members), partitionCounts)),
    onAssigned: (_partitions, _userData, newGeneration) => {
      generation = newGeneration
    },
  }
}

/** Of several members that claim a partition the one of the newest generation has it. */
function settleClaims(members: readonly AssignorMember[]): AssignorMember[] {
  const claims = members.map(
    (member): Claim => decodeClaim(member) ?? { owned: member.owned, generation: -1 },
  )
  const newest = new Map<string, number>()
  for (const claim of claims) {
    for (const partition of claim.owned) {
      const key = keyOf(partition)
      newest.set(key, Math.max(newest.get(key) ?? -1, claim.generation))
    }
  }
  return members.map((member, index) => {
    const claim = claims[index]!
    const owned = claim.owned.filter((partition) => newest.get(keyOf(partition)) === claim.generation)
    return { ...member, owned }
  })
}

function encodeClaim(claim: Claim): Uint8Array {
  const writer = new Writer()
  const topics = groupByTopic(claim.owned)
  writer.int32(topics.length)
  for (const [topic, partitions] of topics) {
    writer.string(topic)
    writer.int32(partitions.length)
    for (const { partition } of partitions) writer.int32(partition)
  }
  writer.int32(claim.generation)
  return Buffer.concat(writer.finish())
}

/** Older clients leave the generation out; what can't be read counts as no claim. */
function decodeClaim({ userData }: AssignorMember): Claim | undefined {
  if (userData === null || userData.length === 0) return undefined
  const reader = new Reader(Buffer.from(userData))
  const owned: TopicPartition[] = []
  try {
    for (let topics = count(reader); topics > 0; topics--) {
      const topic = reader.string()
      for (let left = count(reader); left > 0; left--) owned.push({ topic, partition: reader.int32() })
    }
    return { owned, generation: reader.remaining >= 4 ? reader.int32() : -1 }
  } catch {
    return { owned: [], generation: -1 }
  }
}

function count(reader: Reader): number {
  const value = reader.arrayCount(false, 4)
  if (value < 0) throw malformed('a claim without a list', reader.position)
  return value
}
