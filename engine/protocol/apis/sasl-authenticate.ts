import { api } from '../api.ts'
import { bytes, int16, int64, string, struct } from '../schema.ts'

export const saslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({ authBytes: bytes() }),
  response: struct({
    errorCode: int16(),
    errorMessage: string({ nullableSince: 0 }),
    authBytes: bytes(),
    /** After this long the client has to sign in anew on the same connection (KIP-368); 0 never. */
    sessionLifetimeMs: int64({ since: 1, default: 0, ignorable: true }),
  }),
})
