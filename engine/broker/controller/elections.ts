import type { ClusterImage } from './image.ts'
import type { MetadataRecord, PartitionChange, PartitionState, SuspectLog } from './records.ts'

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

/** The change, and with it the end of the reassignment where the in-sync set that it brings is all that was waited for
 * (KIP-455). */
export function withCompletion(
  current: PartitionState,
  change: PartitionChange,
  isEligible: IsEligible,
): PartitionChange {
  const adding = change.adding ?? current.adding ?? []
  const removing = change.removing ?? current.removing ?? []
  const replicas = change.replicas ?? current.replicas
  if (adding.length === 0 && removing.length === 0) return change
  // None may go while it is not known who has most: it is looked at again once there is a leader.
  if (current.suspects?.length || change.suspects?.length) return change
  const isr = (change.isr ?? current.isr).filter((id) => !removing.includes(id))
  if (isr.length === 0 || !adding.every((id) => isr.includes(id))) return change
  const target = replicas.filter((id) => !removing.includes(id))
  const leader = change.leader ?? current.leader
  const stays = leader !== -1 && target.includes(leader)
  return {
    ...change,
    replicas: target,
    isr,
    adding: [],
    removing: [],
    // A new leader epoch in any case: fetches of those that go are refused from then on.
    leader: stays ? leader : electLeader(target, isr, isEligible),
  }
}

/**
 * What becomes of a broker's partitions when it is gone: it leaves the in-sync sets, and others take its leadership.
 * The last in-sync member stays in the set, as nobody else has all that was acknowledged.
 */
export function recordsForLeaving(
  image: ClusterImage,
  brokerId: number,
  isHeard: IsEligible = () => true,
): MetadataRecord[] {
  const eligible = eligibleIn(image)
  const isEligible: IsEligible = (id) => id !== brokerId && eligible(id) && isHeard(id)
  const records: MetadataRecord[] = []
  forEachPartition(image, (topicId, partition, state) => {
    if (!state.isr.includes(brokerId)) return
    // There is no leader, and whoever would be left may lack what this one has.
    if (state.suspects?.length) return
    const without = state.isr.filter((id) => id !== brokerId)
    const isr = without.length > 0 ? without : state.isr
    const isLeader = state.leader === brokerId
    if (!isLeader && isr === state.isr) return
    const elected = isLeader ? { leader: electLeader(state.replicas, isr, isEligible) } : {}
    records.push(
      withCompletion(state, { type: 'partition-change', topicId, partition, isr, ...elected }, isEligible),
    )
  })
  return records
}

/**
 * A broker came back from an unclean stop, and may lack what it acknowledged (KIP-966). While another member is up it
 * leaves the in-sync set. Otherwise it stays as a suspect: once all members are back, the one that has most leads.
 * @param isHeard whether a broker has spoken to this controller; the image alone still calls those active that all stopped
 * together
 */
export function recordsForUncleanReturn(
  image: ClusterImage,
  brokerId: number,
  logs: readonly LogReport[],
  isHeard: IsEligible,
): MetadataRecord[] {
  const reports = new Map(logs.map((log) => [`${log.topicId}:${log.partition}`, log]))
  const leaving = recordsForLeaving(image, brokerId, isHeard)
  const staying: MetadataRecord[] = []
  const isStaying = new Set<string>()
  forEachPartition(image, (topicId, partition, state) => {
    const isLed = state.isr.some((id) => id !== brokerId && image.isActive(id) && isHeard(id))
    if (!state.isr.includes(brokerId) || (isLed && !state.suspects?.length)) return
    const key = `${topicId}:${partition}`
    isStaying.add(key)
    const { lastEpoch, endOffset } = reports.get(key) ?? { lastEpoch: -1, endOffset: 0 }
    const others = (state.suspects ?? []).filter(({ id }) => id !== brokerId)
    const suspects = [...others, { id: brokerId, lastEpoch, endOffset }]
    const deposed = state.leader === -1 ? {} : { leader: -1 }
    staying.push({ type: 'partition-change', topicId, partition, suspects, ...deposed })
  })
  const others = leaving.filter((record) => {
    return record.type !== 'partition-change' || !isStaying.has(`${record.topicId}:${record.partition}`)
  })
  return [...others, ...staying]
}

export interface LogReport {
  readonly topicId: string
  readonly partition: number
  readonly lastEpoch: number
  readonly endOffset: number
}

/** Leadership of partitions that have none and for which the broker, now active, is in sync. */
export function recordsForReturning(
  image: ClusterImage,
  brokerId: number,
  isHeard: IsEligible,
): MetadataRecord[] {
  const eligible = eligibleIn(image)
  const isEligible: IsEligible = (id) => id === brokerId || (eligible(id) && isHeard(id))
  const records: MetadataRecord[] = []
  forEachPartition(image, (topicId, partition, state) => {
    if (state.leader !== -1 || !state.isr.includes(brokerId)) return
    const elected = state.suspects?.length
      ? electAmongSuspects(state, state.suspects, isEligible)
      : { leader: electLeader(state.replicas, state.isr, isEligible) }
    if (elected && elected.leader !== -1) {
      const change = { type: 'partition-change', topicId, partition, ...elected } as const
      records.push(withCompletion({ ...state, suspects: undefined }, change, isEligible))
    }
  })
  return records
}

/** A member above suspicion leads if there is one; the best of the suspects only once nobody else can come. */
function electAmongSuspects(
  state: PartitionState,
  suspects: readonly SuspectLog[],
  isEligible: IsEligible,
): { leader: number; isr: readonly number[] } | undefined {
  const trusted = state.isr.filter((id) => !suspects.some((suspect) => suspect.id === id))
  const leader = electLeader(state.replicas, trusted, isEligible)
  if (leader !== -1) return { leader, isr: trusted }
  if (trusted.length > 0 || !suspects.every(({ id }) => isEligible(id))) return undefined
  const best = suspects.reduce((a, b) => (isAhead(b, a) ? b : a))
  return { leader: best.id, isr: [best.id] }
}

function isAhead(a: SuspectLog, b: SuspectLog): boolean {
  return a.lastEpoch > b.lastEpoch || (a.lastEpoch === b.lastEpoch && a.endOffset > b.endOffset)
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
