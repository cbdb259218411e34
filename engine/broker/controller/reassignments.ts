/**
 * Moving replicas to other brokers (KIP-455). A partition on its way, from the controller's side:
 *
 * | input                                                     | records                                                   |
 * |-----------------------------------------------------------|-----------------------------------------------------------|
 * | target replicas                                           | replicas: target and those that go; adding; removing      |
 * | in-sync set has all that come, and one that stays         | replicas: target; in-sync set and leader among them       |
 * | another target meanwhile                                  | as from what was there before the first: who came for that |
 * |                                                           | alone goes at once, unless only it can lead               |
 * | cancelled                                                 | replicas, in-sync set and leader without those that came  |
 */
import type { ErrorName } from '../../protocol/error-codes.ts'
import type { ControllerState, Decision } from './decision.ts'
import { electLeader, eligibleIn, type IsEligible, withCompletion } from './elections.ts'
import type { ClusterImage } from './image.ts'
import type { PartitionChange, PartitionState } from './records.ts'

export interface Reassignment {
  readonly topic: string
  readonly partition: number
  /** Null: the one that goes on is cancelled. */
  readonly replicas: readonly number[] | null
}

export interface ReassignmentAnswer {
  readonly error: ErrorName
  readonly message?: string
}

export function reassign(
  { image }: ControllerState,
  { topic, partition, replicas }: Reassignment,
  allowsOtherFactor: boolean,
): Decision<ReassignmentAnswer> {
  const found = image.topics.get(topic)
  const current = found?.partitions[partition]
  if (!found || !current)
    return refuse('UNKNOWN_TOPIC_OR_PARTITION', `There is no partition ${topic}-${partition}.`)
  if (current.suspects?.length) {
    const message = `The replicas of ${topic}-${partition} that may lack records wait for the others.`
    return refuse('ELIGIBLE_LEADERS_NOT_AVAILABLE', message)
  }
  const isEligible = eligibleIn(image)
  const id = { type: 'partition-change', topicId: found.topicId, partition } as const
  if (replicas === null) {
    const change = cancelled(current, isEligible)
    if ('error' in change) return refuse(change.error, change.message)
    return { records: [{ ...id, ...change }], response: { error: 'NONE' } }
  }
  const fault = targetFault(image, current, replicas, allowsOtherFactor)
  if (fault) return { records: [], response: fault }
  const change = begun(current, replicas, isEligible)
  const record = withCompletion(current, { ...id, ...change }, isEligible)
  return { records: [record], response: { error: 'NONE' } }
}

type Change = Omit<PartitionChange, 'type' | 'topicId' | 'partition'>

function begun(current: PartitionState, target: readonly number[], isEligible: IsEligible): Change {
  const before = current.replicas.filter((id) => !current.adding?.includes(id))
  const unwanted = new Set(current.adding?.filter((id) => !target.includes(id)))
  const isr = current.isr.filter((id) => !unwanted.has(id))
  const known = current.replicas.filter((id) => !unwanted.has(id))
  const leader = unwanted.has(current.leader) ? electLeader(known, isr, isEligible) : current.leader
  const mayGo = unwanted.size > 0 && isr.length > 0 && (leader !== -1 || current.leader === -1)
  const rest = (mayGo ? known : current.replicas).filter((id) => !target.includes(id))
  return {
    replicas: [...target, ...rest],
    adding: target.filter((id) => !before.includes(id)),
    removing: rest,
    // A new leader epoch in any case: fetches of those that go are refused from then on.
    ...(mayGo ? { isr, leader } : {}),
  }
}

function cancelled(
  current: PartitionState,
  isEligible: IsEligible,
): Change | { error: ErrorName; message: string } {
  const adding = current.adding ?? []
  if (adding.length === 0 && !current.removing?.length) {
    return { error: 'NO_REASSIGNMENT_IN_PROGRESS', message: 'No reassignment goes on.' }
  }
  const replicas = current.replicas.filter((id) => !adding.includes(id))
  const isr = current.isr.filter((id) => !adding.includes(id))
  if (replicas.length === 0 || isr.length === 0) {
    const message = 'None of the replicas that stay has all records.'
    return { error: 'INVALID_REPLICA_ASSIGNMENT', message }
  }
  const stays = current.leader !== -1 && !adding.includes(current.leader)
  const leader = stays ? current.leader : electLeader(replicas, isr, isEligible)
  return { replicas, isr, adding: [], removing: [], leader }
}

function targetFault(
  image: ClusterImage,
  current: PartitionState,
  target: readonly number[],
  allowsOtherFactor: boolean,
): ReassignmentAnswer | undefined {
  const invalid = (message: string): ReassignmentAnswer => ({ error: 'INVALID_REPLICA_ASSIGNMENT', message })
  if (target.length === 0) return invalid('The manual partition assignment includes an empty replica list.')
  if (new Set(target).size !== target.length) {
    return invalid('The manual partition assignment includes the same broker twice.')
  }
  const unknown = target.find((id) => !image.brokers.has(id))
  if (unknown !== undefined) {
    return invalid(
      `The manual partition assignment includes broker ${unknown}, but no such broker is registered.`,
    )
  }
  const factor = current.replicas.length - (current.adding?.length ?? 0)
  if (allowsOtherFactor || target.length === factor) return undefined
  const message = `The replication factor is changed from ${factor} to ${target.length}`
  return { error: 'INVALID_REPLICATION_FACTOR', message }
}

function refuse(error: ErrorName, message: string): Decision<ReassignmentAnswer> {
  return { records: [], response: { error, message } }
}
