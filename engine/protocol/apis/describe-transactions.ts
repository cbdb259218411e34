import { api } from '../api.ts'
import { array, int16, int32, int64, string, struct } from '../schema.ts'

/** KIP-664. */
export const describeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({ transactionalIds: array(string()) }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    transactionStates: array(
      struct({
        errorCode: int16(),
        transactionalId: string(),
        transactionState: string(),
        transactionTimeoutMs: int32(),
        /** −1 when no transaction is open. */
        transactionStartTimeMs: int64(),
        producerId: int64(),
        producerEpoch: int16(),
        /** Those without a marker yet. */
        topics: array(struct({ topic: string(), partitions: array(int32()) })),
      }),
    ),
  }),
})
