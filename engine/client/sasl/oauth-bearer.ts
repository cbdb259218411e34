import { scramFault as fault } from '../../protocol/scram.ts'
import type { OauthSaslOptions } from '../api.ts'
import type { SaslExchange } from './mechanism.ts'

const separator = '\x01'

/** RFC 7628, with Kafka's extensions (KIP-342). A refusal comes as a challenge first, and as an error once that is answered. */
export async function oauthBearerExchange({ token, extensions }: OauthSaslOptions): Promise<SaslExchange> {
  const value = typeof token === 'string' ? token : await token()
  if (value === '' || value.includes(separator)) throw fault('there is no token to sign in with')
  const pairs = [['auth', `Bearer ${value}`], ...Object.entries(extensions ?? {})]
  const fields = pairs.map(([name, text]) => `${name}=${text}${separator}`)
  return {
    first: Buffer.from(`n,,${separator}${fields.join('')}${separator}`),
    next: (challenge) => (challenge.length === 0 ? 'done' : Buffer.from(separator)),
  }
}
