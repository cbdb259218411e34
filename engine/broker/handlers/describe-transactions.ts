/**
 * DescribeTransactions (65), version 0 (KIP-664).
 *
 * The state of transactional ids that this broker coordinates, and the partitions that still lack their marker.
 * Deviations: none known.
 */
import { describeTransactions } from '../../protocol/apis/describe-transactions.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

const unknown = {
  transactionState: '',
  transactionTimeoutMs: -1,
  transactionStartTimeMs: -1,
  producerId: -1,
  producerEpoch: -1,
  topics: [],
}

export const handleDescribeTransactions = handler(describeTransactions, (broker, { transactionalIds }) => ({
  transactionStates: transactionalIds.map((transactionalId) => {
    const found = broker.transactions.describe(transactionalId)
    if (typeof found === 'string') return { ...unknown, transactionalId, errorCode: errorCodes[found] }
    const { facts } = found
    const topics = [...facts.partitions].map(([topic, ids]) => ({
      topic,
      partitions: [...ids].sort((a, b) => a - b),
    }))
    return {
      errorCode: errorCodes.NONE,
      transactionalId,
      transactionState: facts.state,
      transactionTimeoutMs: facts.timeoutMs,
      transactionStartTimeMs: facts.startMs,
      producerId: facts.producerId,
      producerEpoch: facts.producerEpoch,
      topics,
    }
  }),
}))
