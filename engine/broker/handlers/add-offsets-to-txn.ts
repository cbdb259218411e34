/**
 * AddOffsetsToTxn (25), versions 0–4.
 *
 * Makes the group's partition of `__consumer_offsets` part of the transaction, so that offsets can be committed in it.
 * - v2: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH.
 * Deviations: none known.
 */
import { addOffsetsToTxn } from '../../protocol/apis/add-offsets-to-txn.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { offsetsTopic } from '../controller/topic-names.ts'
import { partitionOfGroup } from '../coordinator/group/partition-of-group.ts'
import { handler } from '../server/handler.ts'
import { toldToProducer } from '../server/producer-errors.ts'
import { ensureTopic } from '../server/topic-creation.ts'

export const handleAddOffsetsToTxn = handler(addOffsetsToTxn, async (broker, request, { version }) => {
  const { transactionalId, producerId, producerEpoch, groupId } = request
  if (!broker.image.topics.has(offsetsTopic)) await ensureTopic(broker, offsetsTopic)
  const count = broker.image.topics.get(offsetsTopic)?.partitions.length
  if (count === undefined) return { errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE }
  const partitions = new Map([[offsetsTopic, new Set([partitionOfGroup(groupId, count)])]])
  const error = await broker.transactions.add(transactionalId, {
    producerId,
    producerEpoch,
    partitions,
    clientVersion: 1,
  })
  return { errorCode: errorCodes[toldToProducer(error, version)] }
})
