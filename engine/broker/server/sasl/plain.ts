import type { Crypto } from '../../../environment/index.ts'
import { type ServerExchange, signInFault } from './exchange.ts'

/** Passwords by user. */
export type PlainUsers = ReadonlyMap<string, string>

/** From the text that Kafka's PlainLoginModule takes: `… required user_alice="secret" user_bob="other";` */
export function plainUsers(jaas: string): PlainUsers {
  const entries = jaas.matchAll(/\buser_([^\s=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/g)
  return new Map(
    [...entries].map(([, user, quoted, bare]) => [user!, quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '']),
  )
}

/** RFC 4616: who one acts for, who one is, and the password, parted by zeros. */
export function plainServer(crypto: Crypto, users: PlainUsers): ServerExchange {
  return {
    next(token) {
      const parts = token.toString('utf8').split('\0')
      if (parts.length !== 3) {
        throw signInFault(`Invalid SASL/PLAIN response: expected 3 tokens, got ${parts.length}`)
      }
      const [actsFor, user, password] = parts as [string, string, string]
      if (user === '') throw signInFault('Authentication failed: username not specified')
      if (password === '') throw signInFault('Authentication failed: password not specified')
      const known = users.get(user)
      const isRight = crypto.areEqual(digest(crypto, password), digest(crypto, known ?? ''))
      if (known === undefined || !isRight)
        throw signInFault('Authentication failed: Invalid username or password')
      if (actsFor !== '' && actsFor !== user) {
        throw signInFault(
          'Authentication failed: Client requested an authorization id that is different from username',
        )
      }
      return { answer: Buffer.alloc(0), user }
    },
  }
}

/** Of one length, so that comparing tells nothing of the password's. */
function digest(crypto: Crypto, text: string): Buffer {
  return crypto.hash('sha256', Buffer.from(text))
}
