import type { ErrorName } from '../../protocol/error-codes.ts'
import type { ControllerState, Decision } from './decision.ts'
import { eligibleIn, withCompletion } from './elections.ts'
import type { ClusterImage } from './image.ts'
import type { MetadataRecord, PartitionState } from './records.ts'

export interface IsrChange {
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[]
}

export interface IsrChangeAnswer {
  readonly topicId: string
  readonly partition: number
  readonly error: ErrorName
}

/**
 * A leader asks for another in-sync set. Refused under a stale epoch of leader, partition or broker (invariants 4 and
 * 6; KIP-903): the leader then waits for the metadata that made it stale.
 */
export function alterPartitions(
  state: ControllerState,
  request: {
    readonly brokerId: number
    readonly brokerEpoch: number
    readonly changes: readonly IsrChange[]
  },
): Decision<{ error: ErrorName; partitions: IsrChangeAnswer[] }> {
  const broker = state.image.brokers.get(request.brokerId)
  if (broker?.brokerEpoch !== request.brokerEpoch) {
    return { records: [], response: { error: 'STALE_BROKER_EPOCH', partitions: [] } }
  }
  const isEligible = eligibleIn(state.image)
  const records: MetadataRecord[] = []
  const partitions = request.changes.map((change) => {
    const { topicId, partition } = change
    const error = refusal(state.image, request.brokerId, change)
    if (error === 'NONE') {
      const isr = change.isr.map((member) => member.brokerId)
      const current = state.image.topicById(topicId)!.partitions[partition]!
      records.push(withCompletion(current, { type: 'partition-change', topicId, partition, isr }, isEligible))
    }
    return { topicId, partition, error }
  })
  return { records, response: { error: 'NONE', partitions } }
}

function refusal(image: ClusterImage, brokerId: number, change: IsrChange): ErrorName {
  const topic = image.topicById(change.topicId)
  if (!topic) return 'UNKNOWN_TOPIC_ID'
  const current = topic.partitions[change.partition]
  if (!current) return 'UNKNOWN_TOPIC_OR_PARTITION'
  if (change.leaderEpoch > current.leaderEpoch) return 'NOT_CONTROLLER'
  if (change.leaderEpoch < current.leaderEpoch) return 'FENCED_LEADER_EPOCH'
  if (current.leader !== brokerId) return 'INVALID_REQUEST'
  // A leader knows only what is committed: if it knows more than we do, we have been deposed.
  if (change.partitionEpoch > current.partitionEpoch) return 'NOT_CONTROLLER'
  if (change.partitionEpoch < current.partitionEpoch) return 'INVALID_UPDATE_VERSION'
  return isrRefusal(image, current, change)
}

function isrRefusal(image: ClusterImage, current: PartitionState, change: IsrChange): ErrorName {
  const ids = change.isr.map((member) => member.brokerId)
  const isSound = new Set(ids).size === ids.length && ids.every((id) => current.replicas.includes(id))
  if (!isSound || !ids.includes(current.leader)) return 'INVALID_REQUEST'
  for (const { brokerId, brokerEpoch } of change.isr) {
    const member = image.brokers.get(brokerId)
    const isNew = !current.isr.includes(brokerId)
    if (member?.brokerEpoch !== brokerEpoch) return 'INELIGIBLE_REPLICA'
    if (isNew && (member.fenced || member.shuttingDown)) return 'INELIGIBLE_REPLICA'
  }
  return 'NONE'
}
