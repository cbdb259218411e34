import { api } from '../api.ts'
import { array, int16, int32, string, struct } from '../schema.ts'

/** KIP-455. */
export const listPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({
    timeoutMs: int32({ default: 60_000 }),
    /** Null asks for all. */
    topics: array(struct({ name: string(), partitionIndexes: array(int32()) }), {
      nullableSince: 0,
      default: null,
    }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullableSince: 0 }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            /** All of now: those that stay, that come and that go. */
            replicas: array(int32()),
            addingReplicas: array(int32()),
            removingReplicas: array(int32()),
          }),
        ),
      }),
    ),
  }),
})
