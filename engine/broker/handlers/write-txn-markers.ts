/**
 * WriteTxnMarkers (27), versions 1–2.
 *
 * Ends transactions in partitions that this broker leads; answered when all in-sync replicas have the markers.
 * INVALID_PRODUCER_EPOCH and TRANSACTION_COORDINATOR_FENCED for markers of an older producer or coordinator.
 * - v2: the transaction's version: from 2 on a marker's epoch must be higher than that of the records (KIP-1228).
 * Deviations: coordinators of this cluster send markers by other means; this serves administrators (KIP-664), who
 * abort a transaction that hangs.
 */
import { writeTxnMarkers } from '../../protocol/apis/write-txn-markers.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { endTransaction } from '../server/broker-requests.ts'
import { handler } from '../server/handler.ts'

export const handleWriteTxnMarkers = handler(writeTxnMarkers, async (broker, request) => ({
  markers: await Promise.all(
    request.markers.map(async (marker) => {
      const { producerId, producerEpoch, coordinatorEpoch, topics } = marker
      const partitions = topics.flatMap(({ name, partitionIndexes }) => {
        return partitionIndexes.map((partition) => ({ topic: name, partition }))
      })
      const errors = await endTransaction(broker, {
        producerId,
        producerEpoch,
        coordinatorEpoch,
        isCommit: marker.transactionResult,
        isBumped: marker.transactionVersion >= 2,
        partitions,
      })
      let next = 0
      return {
        producerId,
        topics: topics.map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partitionIndex) => {
            const isThere = broker.image.partition(name, partitionIndex) !== undefined
            const error = errors[next++] ?? 'UNKNOWN_SERVER_ERROR'
            return { partitionIndex, errorCode: errorCodes[isThere ? error : 'UNKNOWN_TOPIC_OR_PARTITION'] }
          }),
        })),
      }
    }),
  ),
}))
