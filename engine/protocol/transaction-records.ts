/** What lies in `__transaction_state`, in Kafka's formats (KIP-98, KIP-890). */
import { recordKind } from './coordinator-record.ts'
import { array, int8, int16, int32, int64, string, struct } from './schema.ts'

/** The `transactionStatus`, with the names that DescribeTransactions and ListTransactions give. */
export const transactionStates = {
  Empty: 0,
  Ongoing: 1,
  PrepareCommit: 2,
  PrepareAbort: 3,
  CompleteCommit: 4,
  CompleteAbort: 5,
  Dead: 6,
  PrepareEpochFence: 7,
} as const

/** Version 0 as long as transaction.version is 0, else 1. */
export const transactionRecord = recordKind({
  name: 'TransactionLog',
  type: 0,
  key: struct({ transactionalId: string() }),
  versions: [0, 1],
  flexibleFrom: 1,
  value: struct({
    producerId: int64(),
    /** Of the last committed transaction. */
    previousProducerId: int64({ since: 1, tag: 0, default: -1 }),
    /** What the producer was given when the epochs of the id before ran out. */
    nextProducerId: int64({ since: 1, tag: 1, default: -1 }),
    producerEpoch: int16(),
    nextProducerEpoch: int16({ since: 1, tag: 3, default: -1 }),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: array(struct({ topic: string(), partitionIds: array(int32()) }), {
      nullableSince: 0,
    }),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    /** The feature transaction.version that the client goes by. */
    clientTransactionVersion: int16({ since: 1, tag: 2, default: 0 }),
  }),
})
