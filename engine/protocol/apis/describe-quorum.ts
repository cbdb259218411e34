import { api } from '../api.ts'
import { array, int16, int32, int64, string, struct, uint16, uuid } from '../schema.ts'

const replica = struct({
  replicaId: int32(),
  replicaDirectoryId: uuid({ since: 2 }),
  /** −1 when unknown. */
  logEndOffset: int64(),
  /** Wall clock; −1 for the leader itself and when unknown (KIP-836). */
  lastFetchTimestamp: int64({ since: 1, default: -1, ignorable: true }),
  lastCaughtUpTimestamp: int64({ since: 1, default: -1, ignorable: true }),
})

/** KIP-595, KIP-836, KIP-853. */
export const describeQuorum = api({
  key: 55,
  name: 'DescribeQuorum',
  versions: [0, 2],
  flexibleFrom: 0,
  request: struct({
    topics: array(struct({ topicName: string(), partitions: array(struct({ partitionIndex: int32() })) })),
  }),
  response: struct({
    errorCode: int16(),
    errorMessage: string({ since: 2, nullableSince: 2, ignorable: true }),
    topics: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ since: 2, nullableSince: 2, ignorable: true }),
            leaderId: int32(),
            leaderEpoch: int32(),
            highWatermark: int64(),
            currentVoters: array(replica),
            observers: array(replica),
          }),
        ),
      }),
    ),
    nodes: array(
      struct({
        nodeId: int32(),
        listeners: array(struct({ name: string(), host: string(), port: uint16() })),
      }),
      { since: 2 },
    ),
  }),
})
