import type { ErrorName } from '../../protocol/error-codes.ts'
import { topicValues } from '../settings/topic-configs.ts'
import type { ControllerState, Decision } from './decision.ts'
import { eligibleIn, type IsEligible } from './elections.ts'
import type { MetadataRecord, PartitionState } from './records.ts'

export interface AskedElection {
  readonly topic: string
  readonly partition: number
  /** Preferred: the first replica, if it is in sync. Unclean: any replica, where none in sync is there. */
  readonly kind: 'preferred' | 'unclean'
}

export interface ElectionAnswer {
  readonly error: ErrorName
  readonly message?: string
}

/** KIP-460. */
export function electAsked({ image }: ControllerState, asked: AskedElection): Decision<ElectionAnswer> {
  const { topic, partition, kind } = asked
  const found = image.topics.get(topic)
  const current = found?.partitions[partition]
  if (!found || !current)
    return refuse('UNKNOWN_TOPIC_OR_PARTITION', `There is no partition ${topic}-${partition}.`)
  const isEligible = eligibleIn(image)
  const change = kind === 'preferred' ? preferred(current, isEligible) : unclean(current, isEligible)
  if ('error' in change) return refuse(change.error, change.message)
  const record = { type: 'partition-change', topicId: found.topicId, partition, ...change } as const
  return { records: [record], response: { error: 'NONE' } }
}

/** Leadership back to where it was placed, wherever that is possible (auto.leader.rebalance.enable). */
export function balanceLeaders({ image }: ControllerState): Decision<undefined> {
  const isEligible = eligibleIn(image)
  return {
    records: changesWhere(image.topics.values(), (state) => preferred(state, isEligible)),
    response: undefined,
  }
}

/** Leaders for partitions that have none and whose topics would rather lose records than wait. */
export function electUncleanLeaders({ image, settings }: ControllerState): Decision<undefined> {
  const isEligible = eligibleIn(image)
  const records: MetadataRecord[] = []
  for (const topic of image.topics.values()) {
    if (!topic.partitions.some(({ leader }) => leader === -1)) continue
    const values = topicValues(settings, image.configs('topic', topic.name))
    if (!values.flag('unclean.leader.election.enable')) continue
    records.push(...changesWhere([topic], (state) => unclean(state, isEligible)))
  }
  return { records, response: undefined }
}

type Change = { readonly leader: number; readonly isr?: readonly number[] }
type Fault = { readonly error: ErrorName; readonly message: string }

function preferred({ replicas, isr, leader }: PartitionState, isEligible: IsEligible): Change | Fault {
  const first = replicas[0] ?? -1
  if (leader === first) return notNeeded()
  // Who may lead when nobody does, others decide: some of those in sync may lack what was acknowledged.
  if (leader === -1)
    return { error: 'PREFERRED_LEADER_NOT_AVAILABLE', message: 'There is no leader at the moment.' }
  if (isr.includes(first) && isEligible(first)) return { leader: first }
  const message = 'The preferred leader was not available.'
  return { error: 'PREFERRED_LEADER_NOT_AVAILABLE', message }
}

function unclean({ replicas, isr, leader }: PartitionState, isEligible: IsEligible): Change | Fault {
  if (leader !== -1) return notNeeded()
  // One in sync loses nothing: it leads if it can.
  const inSync = replicas.find((id) => isr.includes(id) && isEligible(id))
  const chosen = inSync ?? replicas.find(isEligible)
  if (chosen !== undefined) return { leader: chosen, isr: [chosen] }
  return { error: 'ELIGIBLE_LEADERS_NOT_AVAILABLE', message: 'No replica is there that could lead.' }
}

function notNeeded(): Fault {
  return { error: 'ELECTION_NOT_NEEDED', message: 'Leader election not needed for topic partition.' }
}

function changesWhere(
  topics: Iterable<{ readonly topicId: string; readonly partitions: readonly PartitionState[] }>,
  choose: (state: PartitionState) => Change | Fault,
): MetadataRecord[] {
  const records: MetadataRecord[] = []
  for (const { topicId, partitions } of topics) {
    for (const [partition, state] of partitions.entries()) {
      const change = choose(state)
      if (!('error' in change)) records.push({ type: 'partition-change', topicId, partition, ...change })
    }
  }
  return records
}

function refuse(error: ErrorName, message: string): Decision<ElectionAnswer> {
  return { records: [], response: { error, message } }
}
