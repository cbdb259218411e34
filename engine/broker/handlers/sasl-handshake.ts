/**
 * SaslHandshake (17), versions 0–1.
 *
 * KIP-43: names the way to sign in, and is told which are offered: UNSUPPORTED_SASL_MECHANISM for another one, after which
 * the connection ends. On a connection that is signed in it begins anew (KIP-368). ILLEGAL_SASL_STATE where the port asks
 * nobody to sign in.
 * - v0: what follows are bare tokens, each after its length. v1: SaslAuthenticate (KIP-152).
 */
import { saslHandshake } from '../../protocol/apis/sasl-handshake.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleSaslHandshake = handler(saslHandshake, (_broker, { mechanism }, { version, client }) => {
  if (!client.sasl) return { errorCode: errorCodes.ILLEGAL_SASL_STATE, mechanisms: [] }
  const { error, mechanisms } = client.sasl.handshake(mechanism, version)
  return { errorCode: errorCodes[error], mechanisms }
})
