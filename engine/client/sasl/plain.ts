import type { PasswordSaslOptions } from '../api.ts'
import type { SaslExchange } from './mechanism.ts'

/** RFC 4616: the password itself, so for connections with TLS. */
export function plainExchange({ username, password }: PasswordSaslOptions): SaslExchange {
  return { first: Buffer.from(`\0${username}\0${password}`), next: () => 'done' }
}
