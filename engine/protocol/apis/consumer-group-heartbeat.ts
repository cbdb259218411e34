import { api } from '../api.ts'
import { array, int16, int32, string, struct, uuid } from '../schema.ts'

/** Values of `memberEpoch` in a request that are no epochs. */
export const memberEpochs = { join: 0, leave: -1, leaveToReturn: -2 } as const

/** KIP-848. Null in a request: as in the heartbeat before. */
export const consumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 1],
  flexibleFrom: 0,
  request: struct({
    groupId: string(),
    /** Chosen by the client (v1); in v0 the coordinator may choose it. */
    memberId: string(),
    memberEpoch: int32(),
    instanceId: string({ nullableSince: 0, default: null }),
    rackId: string({ nullableSince: 0, default: null }),
    /** −1: as before. */
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: array(string(), { nullableSince: 0, default: null }),
    subscribedTopicRegex: string({ since: 1, nullableSince: 1, default: null }),
    serverAssignor: string({ nullableSince: 0, default: null }),
    /** What the member owns. */
    topicPartitions: array(struct({ topicId: uuid(), partitions: array(int32()) }), {
      nullableSince: 0,
      default: null,
    }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullableSince: 0, default: null }),
    memberId: string({ nullableSince: 0, default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    /** Null: as before. */
    assignment: struct(
      { topicPartitions: array(struct({ topicId: uuid(), partitions: array(int32()) })) },
      { nullableSince: 0, default: null },
    ),
  }),
})
