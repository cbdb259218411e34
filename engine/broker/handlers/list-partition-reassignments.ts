/**
 * ListPartitionReassignments (46), version 0.
 *
 * KIP-455: partitions whose replicas are being moved, of all topics (null) or of those named, as this broker knows them.
 * Deviations: none known.
 */
import { listPartitionReassignments } from '../../protocol/apis/list-partition-reassignments.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleListPartitionReassignments = handler(
  listPartitionReassignments,
  ({ image }, { topics }) => {
    const wanted = new Map(topics?.map(({ name, partitionIndexes }) => [name, new Set(partitionIndexes)]))
    const moving = [...image.topics.values()].map(({ name, partitions }) => ({
      name,
      partitions: partitions.flatMap(({ replicas, adding, removing }, partitionIndex) => {
        const isWanted = topics === null || wanted.get(name)?.has(partitionIndex)
        if (!isWanted || (!adding && !removing)) return []
        return [{ partitionIndex, replicas, addingReplicas: adding ?? [], removingReplicas: removing ?? [] }]
      }),
    }))
    return {
      errorCode: errorCodes.NONE,
      errorMessage: null,
      topics: moving.filter(({ partitions }) => partitions.length > 0),
    }
  },
)
