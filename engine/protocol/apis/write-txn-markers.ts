import { api } from '../api.ts'
import { array, boolean, int8, int16, int32, int64, string, struct } from '../schema.ts'

/** From a transaction's coordinator to the leaders of its partitions (KIP-98). */
export const writeTxnMarkers = api({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: [1, 2],
  flexibleFrom: 1,
  request: struct({
    markers: array(
      struct({
        producerId: int64(),
        producerEpoch: int16(),
        /** True commits, false aborts. */
        transactionResult: boolean(),
        topics: array(struct({ name: string(), partitionIndexes: array(int32()) })),
        coordinatorEpoch: int32(),
        /** The feature transaction.version of the transaction; from 2 on a marker carries a bumped epoch (KIP-1228). */
        transactionVersion: int8({ since: 2, default: 0, ignorable: true }),
      }),
    ),
  }),
  response: struct({
    markers: array(
      struct({
        producerId: int64(),
        topics: array(
          struct({
            name: string(),
            partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })),
          }),
        ),
      }),
    ),
  }),
})
