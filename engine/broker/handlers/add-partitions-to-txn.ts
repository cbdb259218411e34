/**
 * AddPartitionsToTxn (24), versions 0–5.
 *
 * Makes partitions part of a producer's transaction, which begins with the first of them. All of them or none: where one
 * is not there, the others are answered with OPERATION_NOT_ATTEMPTED.
 * - v2: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH.
 * - v4: for brokers; several transactions, and whether partitions are in one already (`verifyOnly`, KIP-890).
 * Deviations: brokers of this cluster ask each other by other means; any client may send v4.
 */
import type { RequestOf } from '../../protocol/api.ts'
import { addPartitionsToTxn } from '../../protocol/apis/add-partitions-to-txn.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import type { ProducerClaim, TransactionPartitions } from '../coordinator/transaction/transaction.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { toldToProducer } from '../server/producer-errors.ts'

type Topics = RequestOf<typeof addPartitionsToTxn>['v3AndBelowTopics']
type ErrorOf = (topic: string, partition: number) => ErrorName

const batchesSince = 4

export const handleAddPartitionsToTxn = handler(addPartitionsToTxn, async (broker, request, { version }) => {
  if (version < batchesSince) {
    const topics = request.v3AndBelowTopics
    const claim = { producerId: request.v3AndBelowProducerId, producerEpoch: request.v3AndBelowProducerEpoch }
    const errorOf = await add(broker, request.v3AndBelowTransactionalId, claim, topics, 1)
    return { errorCode: errorCodes.NONE, resultsByTopicV3AndBelow: results(topics, errorOf, version) }
  }
  const resultsByTransaction = await Promise.all(
    request.transactions.map(async ({ transactionalId, verifyOnly, topics, ...claim }) => {
      const errorOf = verifyOnly
        ? forEach(broker.transactions.verify(transactionalId, claim))
        : await add(broker, transactionalId, claim, topics, 2)
      return { transactionalId, topicResults: results(topics, errorOf, version) }
    }),
  )
  return { errorCode: errorCodes.NONE, resultsByTransaction }
})

async function add(
  broker: BrokerContext,
  transactionalId: string,
  claim: ProducerClaim,
  topics: Topics,
  clientVersion: 1 | 2,
): Promise<ErrorOf> {
  const isThere = (topic: string, partition: number) => broker.image.partition(topic, partition) !== undefined
  if (topics.some(({ name, partitions }) => partitions.some((partition) => !isThere(name, partition)))) {
    return (topic, partition) =>
      isThere(topic, partition) ? 'OPERATION_NOT_ATTEMPTED' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }
  const partitions: TransactionPartitions = new Map(
    topics.map(({ name, partitions }) => [name, new Set(partitions)]),
  )
  return forEach(await broker.transactions.add(transactionalId, { ...claim, partitions, clientVersion }))
}

function forEach(verdict: ErrorName | ErrorOf): ErrorOf {
  return typeof verdict === 'string' ? () => verdict : verdict
}

function results(topics: Topics, errorOf: ErrorOf, version: number) {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorCodes[toldToProducer(errorOf(name, partitionIndex), version)],
    })),
  }))
}
