import type { ClusterImage } from './image.ts'
import type { MetadataRecord, PartitionState } from './records.ts'

/** Whether the broker may be given leadership. */
export type IsEligible = (brokerId: number) => boolean

export function eligibleIn(image: ClusterImage): IsEligible {
  return (id) => {
    const broker = image.brokers.get(id)
    return broker !== undefined && !broker.fenced && !broker.shuttingDown
  }
}

/** The first replica by preference that is in sync and eligible; −1 if none is. Invariant 6: nobody else, ever. */
export function electLeader(
  replicas: readonly number[],
  isr: readonly number[],
  isEligible: IsEligible,
): number {
  return replicas.find((id) => isr.includes(id) && isEligible(id)) ?? -1
}

/**
 * What becomes of a broker's partitions when it is gone: it leaves the in-sync sets, and others take its leadership.
 * The last in-sync member stays in the set, as nobody else has all that was acknowledged.
 */
export function recordsForLeaving(image: ClusterImage, brokerId: number): MetadataRecord[] {
  const eligible = eligibleIn(image)
  const isEligible: IsEligible = (id) => id !== brokerId && eligible(id)
  const records: MetadataRecord[] = []
  forEachPartition(image, (topicId, partition, state) => {
    if (!state.isr.includes(brokerId)) return
    const without = state.isr.filter((id) => id !== brokerId)
    const isr = without.length > 0 ? without : state.isr
    const isLeader = state.leader === brokerId
    if (!isLeader && isr === state.isr) return
    const elected = isLeader ? { leader: electLeader(state.replicas, isr, isEligible) } : {}
    records.push({ type: 'partition-change', topicId, partition, isr, ...elected })
  })
  return records
}

/** Leadership of partitions that have none and for which the broker, now active, is in sync. */
export function recordsForReturning(image: ClusterImage, brokerId: number): MetadataRecord[] {
  const eligible = eligibleIn(image)
  const isEligible: IsEligible = (id) => id === brokerId || eligible(id)
  const records: MetadataRecord[] = []
  forEachPartition(image, (topicId, partition, state) => {
    if (state.leader !== -1 || !state.isr.includes(brokerId)) return
    const leader = electLeader(state.replicas, state.isr, isEligible)
    if (leader !== -1) records.push({ type: 'partition-change', topicId, partition, leader })
  })
  return records
}

function forEachPartition(
  image: ClusterImage,
  visit: (topicId: string, partition: number, state: PartitionState) => void,
): void {
  for (const topic of image.topics.values()) {
    topic.partitions.forEach((state, partition) => {
      visit(topic.topicId, partition, state)
    })
  }
}
