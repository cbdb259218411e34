/**
 * DescribeProducers (61), version 0 (KIP-664).
 *
 * What a replica, leader or follower, remembers of a partition's producers: epoch, last sequence, and where an open
 * transaction begins. NOT_LEADER_OR_FOLLOWER where there is none.
 * Deviations: the last timestamp is that of the producer's last batch; −1 after a marker alone.
 */
import { describeProducers } from '../../protocol/apis/describe-producers.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { topicNameFault } from '../controller/topic-names.ts'
import type { Replica } from '../replication/replica.ts'
import { handler } from '../server/handler.ts'

export const handleDescribeProducers = handler(describeProducers, async (broker, { topics }) => ({
  topics: await Promise.all(
    topics.map(async ({ name, partitionIndexes }) => ({
      name,
      partitions: await Promise.all(
        partitionIndexes.map(async (partitionIndex) => {
          if (topicNameFault(name) !== undefined) return refused(partitionIndex, 'INVALID_TOPIC_EXCEPTION')
          const isThere = broker.image.partition(name, partitionIndex) !== undefined
          const replica = isThere ? await broker.replicas.whenOpen(name, partitionIndex) : undefined
          const error = isThere ? 'NOT_LEADER_OR_FOLLOWER' : 'UNKNOWN_TOPIC_OR_PARTITION'
          if (!replica) return refused(partitionIndex, error)
          return { partitionIndex, errorCode: errorCodes.NONE, activeProducers: producersOf(replica) }
        }),
      ),
    })),
  ),
}))

function refused(partitionIndex: number, error: ErrorName) {
  return { partitionIndex, errorCode: errorCodes[error], activeProducers: [] }
}

function producersOf({ log }: Replica) {
  return [...log.producers.entries()].map((entry) => {
    const last = entry.batches.at(-1)
    return {
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: last?.lastSequence ?? -1,
      lastTimestamp: last?.timestampMs ?? -1,
      coordinatorEpoch: entry.coordinatorEpoch ?? -1,
      currentTxnStartOffset: entry.openOffset ?? -1,
    }
  })
}
