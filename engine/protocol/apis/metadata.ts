import { api } from '../api.ts'
import { array, boolean, int16, int32, string, struct, uuid } from '../schema.ts'

/** No authorized operations were asked for. */
export const operationsNotAsked = -2147483648

export const metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexibleFrom: 9,
  request: struct({
    /** Null, and in v0 an empty list, asks for all topics. */
    topics: array(
      struct({ topicId: uuid({ since: 10, ignorable: true }), name: string({ nullableSince: 10 }) }),
      { nullableSince: 1 },
    ),
    allowAutoTopicCreation: boolean({ since: 4, default: true }),
    includeClusterAuthorizedOperations: boolean({ since: 8, until: 10 }),
    includeTopicAuthorizedOperations: boolean({ since: 8 }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 3, ignorable: true }),
    brokers: array(
      struct({
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: string({ since: 1, nullableSince: 1, default: null, ignorable: true }),
      }),
    ),
    clusterId: string({ since: 2, nullableSince: 2, default: null, ignorable: true }),
    controllerId: int32({ since: 1, default: -1, ignorable: true }),
    topics: array(
      struct({
        errorCode: int16(),
        name: string({ nullableSince: 12 }),
        topicId: uuid({ since: 10, ignorable: true }),
        isInternal: boolean({ since: 1, ignorable: true }),
        partitions: array(
          struct({
            errorCode: int16(),
            partitionIndex: int32(),
            leaderId: int32(),
            leaderEpoch: int32({ since: 7, default: -1, ignorable: true }),
            replicaNodes: array(int32()),
            isrNodes: array(int32()),
            offlineReplicas: array(int32(), { since: 5, ignorable: true }),
          }),
        ),
        topicAuthorizedOperations: int32({ since: 8, default: operationsNotAsked }),
      }),
    ),
    clusterAuthorizedOperations: int32({ since: 8, until: 10, default: operationsNotAsked }),
    errorCode: int16({ since: 13, ignorable: true }),
  }),
})
