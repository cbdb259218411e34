import type { Environment } from '../../environment/index.ts'
import {
  escapeName,
  scramAttributes,
  scramFault,
  scramIterations,
  scramKeys,
  scramKinds,
  scramNonce,
  xor,
} from '../../protocol/scram.ts'
import type { PasswordSaslOptions } from '../api.ts'
import type { SaslExchange } from './mechanism.ts'

/** No channel is bound. */
const gs2Header = 'n,,'
/** A broker that asks for more keeps us busy on purpose. */
const iterationsMax = 1_000_000

/** RFC 5802. The password stays here; the broker has to show that it knows it too. */
export function scramExchange(
  { codecs: { crypto }, random }: Environment,
  { mechanism, username, password }: PasswordSaslOptions,
): SaslExchange {
  const { hash } = scramKinds.find((kind) => kind.mechanism === mechanism)!
  const nonce = scramNonce(crypto, random)
  const firstBare = `n=${escapeName(username)},r=${nonce}`
  let signature: Buffer | undefined

  function prove(serverFirst: string): Buffer {
    const { r, s, i } = scramAttributes(serverFirst, ['r', 's', 'i'])
    const iterations = Number(i)
    if (!r.startsWith(nonce) || r === nonce) throw scramFault("the broker's nonce does not go on from ours")
    if (!(iterations >= scramIterations.min && iterations <= iterationsMax)) {
      throw scramFault(`the broker asks for ${i} iterations`)
    }
    const salted = crypto.stretch(hash, Buffer.from(password), Buffer.from(s, 'base64'), iterations)
    const { clientKey, storedKey, serverKey } = scramKeys(crypto, hash, salted)
    const withoutProof = `c=${Buffer.from(gs2Header).toString('base64')},r=${r}`
    const signed = Buffer.from(`${firstBare},${serverFirst},${withoutProof}`)
    signature = crypto.hmac(hash, serverKey, signed)
    const proof = xor(clientKey, crypto.hmac(hash, storedKey, signed))
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }

  return {
    first: Buffer.from(gs2Header + firstBare),
    next(challenge) {
      const text = challenge.toString('utf8')
      if (signature === undefined) return prove(text)
      const { v } = scramAttributes(text, ['v'])
      if (!crypto.areEqual(Buffer.from(v, 'base64'), signature)) {
        throw scramFault('the broker does not know the password: it is not the one it claims to be')
      }
      return 'done'
    },
  }
}
