import { api } from '../api.ts'
import { array, int16, string, struct } from '../schema.ts'

/** After v0 the exchange goes on in bare length-prefixed tokens; after v1 in SaslAuthenticate (KIP-152). */
export const saslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  request: struct({ mechanism: string() }),
  response: struct({ errorCode: int16(), mechanisms: array(string()) }),
})
