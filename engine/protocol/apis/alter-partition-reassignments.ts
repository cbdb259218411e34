import { api } from '../api.ts'
import { array, boolean, int16, int32, string, struct } from '../schema.ts'

/** KIP-455. */
export const alterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 1],
  flexibleFrom: 0,
  request: struct({
    timeoutMs: int32({ default: 60_000 }),
    allowReplicationFactorChange: boolean({ since: 1, default: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            /** Null cancels the reassignment that goes on. */
            replicas: array(int32(), { nullableSince: 0, default: null }),
          }),
        ),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    allowReplicationFactorChange: boolean({ since: 1, default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullableSince: 0 }),
    responses: array(
      struct({
        name: string(),
        partitions: array(
          struct({ partitionIndex: int32(), errorCode: int16(), errorMessage: string({ nullableSince: 0 }) }),
        ),
      }),
    ),
  }),
})
