import { api } from '../api.ts'
import { array, bytes, int8, int16, int32, string, struct } from '../schema.ts'

/** The `mechanism` of a credential. */
export const scramMechanisms = { unknown: 0, sha256: 1, sha512: 2 } as const

/** KIP-554. */
export const alterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: [0, 0],
  flexibleFrom: 0,
  request: struct({
    deletions: array(struct({ name: string(), mechanism: int8() })),
    upsertions: array(
      struct({
        name: string(),
        mechanism: int8(),
        iterations: int32(),
        salt: bytes(),
        /** The password never crosses the wire. */
        saltedPassword: bytes(),
      }),
    ),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    results: array(
      struct({ user: string(), errorCode: int16(), errorMessage: string({ nullableSince: 0 }) }),
    ),
  }),
})
