import { api } from '../api.ts'
import { array, boolean, int8, int16, int32, string, struct } from '../schema.ts'

/** Sets exactly what it names: settings that it leaves out return to their defaults. */
export const alterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    resources: array(
      struct({
        /** As in DescribeConfigs. */
        resourceType: int8(),
        resourceName: string(),
        configs: array(struct({ name: string(), value: string({ nullableSince: 0 }) })),
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
