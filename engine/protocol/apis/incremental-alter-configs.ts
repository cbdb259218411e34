import { api } from '../api.ts'
import { array, boolean, int8, int16, int32, string, struct } from '../schema.ts'

/** The `configOperation` of a setting; the last two are for lists (KIP-339). */
export const configOperations = { set: 0, delete: 1, append: 2, subtract: 3 } as const

export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexibleFrom: 1,
  request: struct({
    resources: array(
      struct({
        /** As in DescribeConfigs. */
        resourceType: int8(),
        resourceName: string(),
        configs: array(
          struct({ name: string(), configOperation: int8(), value: string({ nullableSince: 0 }) }),
        ),
      }),
    ),
    validateOnly: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    responses: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullableSince: 0 }),
        resourceType: int8(),
        resourceName: string(),
      }),
    ),
  }),
})
