import type { Environment } from '../../environment/index.ts'
import { buildMarker } from '../../protocol/control-records.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import type { MarkersRequest } from '../peers/broker-requests.ts'
import {
  type Appended,
  appendToReplica,
  type ProduceAnswer,
  refusedProduce,
  whenAcknowledged,
} from './produce.ts'
import type { Replicas } from './replicas.ts'

/** A marker that all in-sync replicas have. */
export interface WrittenMarker {
  readonly topic: string
  readonly partition: number
  readonly producerId: number
  readonly isCommit: boolean
  readonly offset: number
}

/** Ends a transaction in partitions that this broker leads. Errors in the order of the partitions; `timeoutMs` for all. */
export async function writeMarkers(
  environment: Pick<Environment, 'clock' | 'codecs'>,
  replicas: Replicas,
  request: MarkersRequest,
  timeoutMs: number,
  onWritten: (marker: WrittenMarker) => void,
): Promise<ErrorName[]> {
  const { producerId, producerEpoch, coordinatorEpoch, isCommit, isBumped, partitions } = request
  await Promise.all(partitions.map(({ topic, partition }) => replicas.whenOpen(topic, partition)))
  const timestampMs = environment.clock.nowMs()
  const kind = isCommit ? 'commit' : 'abort'
  const marker = { kind, producerId, producerEpoch, coordinatorEpoch, timestampMs } as const
  const appends = partitions.map(({ topic, partition }): Appended | ProduceAnswer => {
    const replica = replicas.find(topic, partition)
    if (!replica) return refusedProduce('NOT_LEADER_OR_FOLLOWER')
    const batch = buildMarker(marker, environment.codecs)
    return appendToReplica(replica, batch, -1, { origin: 'internal', marker: { isBumped } })
  })
  const answers = await whenAcknowledged(replicas.purgatory, appends, -1, timeoutMs)
  return answers.map(({ error, baseOffset }, i) => {
    if (error === 'NONE') onWritten({ ...partitions[i]!, producerId, isCommit, offset: baseOffset })
    return error
  })
}
