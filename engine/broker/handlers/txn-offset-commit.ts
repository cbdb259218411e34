/**
 * TxnOffsetCommit (28), versions 0–5.
 *
 * Offsets that count when the transaction is committed. Until its marker is there they are pending: OffsetFetch answers
 * who requires stable offsets with UNSTABLE_OFFSET_COMMIT.
 * - v3: the group's member and generation are checked (KIP-447). v5: the group's partition is added to the transaction
 *   (KIP-890); before, AddOffsetsToTxn must have done it. v4: TRANSACTION_ABORTABLE when it has not.
 * Deviations: none known.
 */
import type { Verification } from '../../log/producer-state.ts'
import type { RequestOf } from '../../protocol/api.ts'
import { txnOffsetCommit } from '../../protocol/apis/txn-offset-commit.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { offsetsTopic } from '../controller/topic-names.ts'
import type { OffsetToCommit } from '../coordinator/group/offset-commits.ts'
import { partitionOfGroup } from '../coordinator/group/partition-of-group.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { joinTransaction } from '../server/joining-transaction.ts'

type Request = RequestOf<typeof txnOffsetCommit>

const addsSince = 5
const abortableSince = 4

export const handleTxnOffsetCommit = handler(txnOffsetCommit, async (broker, request, { version }) => {
  const metadataBytesMax = broker.settings.number('offset.metadata.max.bytes')
  const commits: OffsetToCommit[] = []
  const faults = request.topics.map(({ name, partitions }) =>
    partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
      const metadata = committedMetadata ?? ''
      if (!broker.image.partition(name, partitionIndex)) return 'UNKNOWN_TOPIC_OR_PARTITION'
      if (Buffer.byteLength(metadata) > metadataBytesMax) return 'OFFSET_METADATA_TOO_LARGE'
      commits.push({
        topic: name,
        partition: partitionIndex,
        offset: committedOffset,
        leaderEpoch: committedLeaderEpoch,
        metadata,
      })
      return undefined
    }),
  )
  const error = await commit(broker, request, version, commits)
  return {
    topics: request.topics.map(({ name, partitions }, i) => ({
      name,
      partitions: partitions.map(({ partitionIndex }, j) => {
        return { partitionIndex, errorCode: errorCodes[faults[i]![j] ?? error] }
      }),
    })),
  }
})

async function commit(
  broker: BrokerContext,
  request: Request,
  version: number,
  commits: readonly OffsetToCommit[],
): Promise<ErrorName> {
  const { groupId, producerId, producerEpoch } = request
  if (groupId === '') return 'INVALID_GROUP_ID'
  const verified = await verify(broker, request, version)
  if (typeof verified === 'string') return told(verified, version)
  const claim = {
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
  }
  const producer = { producerId, producerEpoch, verification: verified.verification }
  return told(await broker.groups.offsets.commitInTransaction(groupId, claim, producer, commits), version)
}

/** Whether the group's partition belongs to the transaction: before its first record there the coordinator is asked. */
async function verify(
  broker: BrokerContext,
  { groupId, transactionalId, producerId, producerEpoch }: Request,
  version: number,
): Promise<{ readonly verification: Verification | undefined } | ErrorName> {
  const count = broker.image.topics.get(offsetsTopic)?.partitions.length
  if (count === undefined) return 'COORDINATOR_NOT_AVAILABLE'
  const partition = partitionOfGroup(groupId, count)
  const replica = await broker.replicas.whenOpen(offsetsTopic, partition)
  if (!replica?.leader) return 'NOT_COORDINATOR'
  const { producers } = replica.log
  if (producers.hasOpenTransaction(producerId, producerEpoch)) return { verification: undefined }
  const verification = producers.beginVerification(producerId)
  const [error] = await joinTransaction(broker, {
    transactionalId,
    producerId,
    producerEpoch,
    partitions: [{ topic: offsetsTopic, partition }],
    isAdding: version >= addsSince,
  })
  if (error === 'NONE') return { verification }
  producers.endVerification(producerId, verification)
  return error ?? 'COORDINATOR_NOT_AVAILABLE'
}

function told(error: ErrorName, version: number): ErrorName {
  if (error === 'PRODUCER_FENCED') return 'INVALID_PRODUCER_EPOCH'
  if (error === 'TRANSACTION_ABORTABLE' && version < abortableSince) return 'INVALID_TXN_STATE'
  if (error === 'CONCURRENT_TRANSACTIONS' && version < addsSince) return 'COORDINATOR_LOAD_IN_PROGRESS'
  // Of the transaction's coordinator: it is not the group's that the client should look for.
  return error
}
