import type { Environment } from '../../../environment/index.ts'
import { type ScramKind, scramAttributes, scramNonce, unescapeName, xor } from '../../../protocol/scram.ts'
import type { ScramCredential } from '../../controller/clients-image.ts'
import { type ServerExchange, signInFault } from './exchange.ts'

/**
 * RFC 5802, without channel binding. First the client names itself and is given salt and iterations; then it proves that
 * it knows the password, and is shown that we know of it.
 */
export function scramServer(
  { codecs: { crypto }, random }: Pick<Environment, 'codecs' | 'random'>,
  { hash, mechanism }: ScramKind,
  credentialOf: (user: string) => ScramCredential | undefined,
): ServerExchange {
  let begun: Begun | undefined

  function begin(message: string): Begun {
    const bare = /^n,(?:a=[^,]*)?,(.*)$/s.exec(message)?.[1]
    if (bare === undefined) throw invalid(mechanism)
    const { n, r } = scramAttributes(bare, ['n', 'r'])
    const user = unescapeName(n)
    const credential = credentialOf(user)
    if (!credential) throw invalid(mechanism)
    const nonce = r + scramNonce(crypto, random)
    const first = `r=${nonce},s=${credential.salt},i=${credential.iterations}`
    return { user, credential, bare, nonce, first }
  }

  function check(message: string, { credential, bare, nonce, first }: Begun): Buffer {
    const { r, p } = scramAttributes(message, ['c', 'r', 'p'])
    const withoutProof = message.slice(0, message.lastIndexOf(',p='))
    const signed = Buffer.from(`${bare},${first},${withoutProof}`)
    const storedKey = Buffer.from(credential.storedKey, 'base64')
    const signature = crypto.hmac(hash, storedKey, signed)
    const proof = Buffer.from(p, 'base64')
    const isRight =
      proof.length === signature.length &&
      crypto.areEqual(crypto.hash(hash, xor(proof, signature)), storedKey)
    // As Kafka has it: librdkafka before 2.7 puts its own nonce in front once more.
    if (!r.endsWith(nonce) || !isRight) throw invalid(mechanism)
    return crypto.hmac(hash, Buffer.from(credential.serverKey, 'base64'), signed)
  }

  return {
    next(token) {
      const message = token.toString('utf8')
      if (begun) {
        const answer = Buffer.from(`v=${check(message, begun).toString('base64')}`)
        return { answer, user: begun.user }
      }
      begun = begin(message)
      return { answer: Buffer.from(begun.first) }
    },
  }
}

interface Begun {
  readonly user: string
  readonly credential: ScramCredential
  readonly bare: string
  readonly nonce: string
  readonly first: string
}

/** The same text whatever is wrong, as in Kafka: who is a user is nobody's business. */
function invalid(mechanism: string) {
  return signInFault(
    `Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism}`,
  )
}
