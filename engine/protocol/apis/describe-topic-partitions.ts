import { api } from '../api.ts'
import { array, boolean, int16, int32, string, struct, uuid } from '../schema.ts'
import { operationsNotAsked } from './metadata.ts'

const cursor = struct({ topicName: string(), partitionIndex: int32() }, { nullableSince: 0, default: null })

/** KIP-966: page by page, and with the eligible leaders. */
export const describeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({
    topics: array(struct({ name: string() })),
    responsePartitionLimit: int32({ default: 2000 }),
    /** Where to go on; null for the beginning. */
    cursor,
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array(
      struct({
        errorCode: int16(),
        name: string({ nullableSince: 0 }),
        topicId: uuid({ ignorable: true }),
        isInternal: boolean({ default: false, ignorable: true }),
        partitions: array(
          struct({
            errorCode: int16(),
            partitionIndex: int32(),
            leaderId: int32(),
            leaderEpoch: int32({ default: -1, ignorable: true }),
            replicaNodes: array(int32()),
            isrNodes: array(int32()),
            eligibleLeaderReplicas: array(int32(), { nullableSince: 0, default: null }),
            lastKnownElr: array(int32(), { nullableSince: 0, default: null }),
            offlineReplicas: array(int32(), { ignorable: true }),
          }),
        ),
        topicAuthorizedOperations: int32({ default: operationsNotAsked }),
      }),
    ),
    /** Null when this was the last page. */
    nextCursor: cursor,
  }),
})
