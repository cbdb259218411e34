import { api } from '../api.ts'
import { array, int8, int16, int32, string, struct } from '../schema.ts'

/** KIP-554. */
export const describeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({
    /** Null or none asks for all. */
    users: array(struct({ name: string() }), { nullableSince: 0 }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullableSince: 0 }),
    results: array(
      struct({
        user: string(),
        errorCode: int16(),
        errorMessage: string({ nullableSince: 0 }),
        credentialInfos: array(struct({ mechanism: int8(), iterations: int32() })),
      }),
    ),
  }),
})
