import { api } from '../api.ts'
import { array, boolean, int16, int32, string, struct } from '../schema.ts'

export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleFrom: 2,
  request: struct({
    topics: array(
      struct({
        name: string(),
        /** How many there are to be in the end. */
        count: int32(),
        /** For the new partitions; null lets the broker choose. */
        assignments: array(struct({ brokerIds: array(int32()) }), { nullableSince: 0 }),
      }),
    ),
    timeoutMs: int32(),
    validateOnly: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    results: array(
      struct({
        name: string(),
        errorCode: int16(),
        errorMessage: string({ nullableSince: 0, default: null }),
      }),
    ),
  }),
})
