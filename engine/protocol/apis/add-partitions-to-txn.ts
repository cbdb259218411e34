import { api } from '../api.ts'
import { array, boolean, int16, int32, int64, string, struct } from '../schema.ts'

const topics = struct({ name: string(), partitions: array(int32()) })
const topicResults = struct({
  name: string(),
  resultsByPartition: array(struct({ partitionIndex: int32(), partitionErrorCode: int16() })),
})

/**
 * Until v3 one transaction lies in the message itself, as clients send it; from v4 there are lists of them, as brokers
 * send it to verify what clients write (KIP-890).
 */
export const addPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexibleFrom: 3,
  request: struct({
    transactions: array(
      struct({
        transactionalId: string(),
        producerId: int64(),
        producerEpoch: int16(),
        /** Ask whether the partitions are in the transaction, and add none. */
        verifyOnly: boolean({ default: false }),
        topics: array(topics),
      }),
      { since: 4 },
    ),
    v3AndBelowTransactionalId: string({ until: 3 }),
    v3AndBelowProducerId: int64({ until: 3 }),
    v3AndBelowProducerEpoch: int16({ until: 3 }),
    v3AndBelowTopics: array(topics, { until: 3 }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ since: 4, ignorable: true }),
    resultsByTransaction: array(struct({ transactionalId: string(), topicResults: array(topicResults) }), {
      since: 4,
    }),
    resultsByTopicV3AndBelow: array(topicResults, { until: 3 }),
  }),
})
