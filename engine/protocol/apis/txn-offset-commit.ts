import { api } from '../api.ts'
import { array, int16, int32, int64, string, struct } from '../schema.ts'

export const txnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 5],
  flexibleFrom: 3,
  request: struct({
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    /** From v3 a commit is fenced by the group too (KIP-447): generation of a classic group, member epoch of a new one. */
    generationId: int32({ since: 3, default: -1 }),
    memberId: string({ since: 3, default: '' }),
    groupInstanceId: string({ since: 3, nullableSince: 3, default: null }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            committedOffset: int64(),
            committedLeaderEpoch: int32({ since: 2, default: -1, ignorable: true }),
            committedMetadata: string({ nullableSince: 0 }),
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    topics: array(
      struct({
        name: string(),
        partitions: array(struct({ partitionIndex: int32(), errorCode: int16() })),
      }),
    ),
  }),
})
