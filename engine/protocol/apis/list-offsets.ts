import { api } from '../api.ts'
import { array, int8, int16, int32, int64, string, struct } from '../schema.ts'

/** Timestamps below zero ask for special offsets. */
export const offsetQueries = {
  latest: -1,
  earliest: -2,
  /** The offset of the record with the greatest timestamp (v7, KIP-734). */
  maxTimestamp: -3,
  /** The first offset on the leader's own disk (v8, KIP-405). */
  earliestLocal: -4,
  /** The last offset in tiered storage (v9, KIP-1005). */
  latestTiered: -5,
  /** The first offset not yet uploaded (v11, KIP-1023). */
  earliestPendingUpload: -6,
} as const

export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 11],
  flexibleFrom: 6,
  request: struct({
    /** −1 for a consumer. */
    replicaId: int32(),
    /** 0 read uncommitted, 1 read committed. */
    isolationLevel: int8({ since: 2 }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            currentLeaderEpoch: int32({ since: 4, default: -1, ignorable: true }),
            timestamp: int64(),
          }),
        ),
      }),
    ),
    timeoutMs: int32({ since: 10, ignorable: true }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 2, ignorable: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            timestamp: int64({ default: -1 }),
            offset: int64({ default: -1 }),
            leaderEpoch: int32({ since: 4, default: -1, ignorable: true }),
          }),
        ),
      }),
    ),
  }),
})
