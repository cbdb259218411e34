/**
 * SaslAuthenticate (36), versions 0–2.
 *
 * KIP-152: one step of signing in, PLAIN or SCRAM (RFC 4616, RFC 5802), after SaslHandshake has named which. A failure is
 * answered with SASL_AUTHENTICATION_FAILED after connection.failed.authentication.delay.ms, and ends the connection; who is
 * signed in already, or on a port that asks nobody to, is told ILLEGAL_SASL_STATE.
 * - v1: with the last step, after how long to sign in anew (connections.max.reauth.ms, KIP-368).
 * Deviations: OAUTHBEARER, GSSAPI and delegation tokens are not offered.
 */
import { saslAuthenticate } from '../../protocol/apis/sasl-authenticate.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleSaslAuthenticate = handler(
  saslAuthenticate,
  async (_broker, { authBytes }, { client }) => {
    if (!client.sasl) {
      return {
        errorCode: errorCodes.ILLEGAL_SASL_STATE,
        errorMessage: 'SaslAuthenticate request received after successful authentication',
        authBytes: Buffer.alloc(0),
      }
    }
    const { error, message, token, sessionLifetimeMs } = await client.sasl.authenticate(authBytes)
    return {
      errorCode: errorCodes[error],
      errorMessage: message,
      authBytes: token,
      sessionLifetimeMs,
    }
  },
)
