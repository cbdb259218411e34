import type { Environment } from '../../environment/index.ts'
import type { Api } from '../../protocol/api.ts'
import { saslAuthenticate } from '../../protocol/apis/sasl-authenticate.ts'
import { saslHandshake } from '../../protocol/apis/sasl-handshake.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Decoded, Encodable, Field } from '../../protocol/schema.ts'
import type { SaslOptions } from '../api.ts'
import { checkCode, kafkaError } from '../kafka-error.ts'
import { startExchange } from './mechanism.ts'

/** A connection whose other requests wait meanwhile. */
type Ask = <Request extends Field, Response extends Field>(
  api: Api<Request, Response>,
  body: Encodable<Request>,
) => Promise<Decoded<Response>>

/**
 * Signs in, or in anew (KIP-152, KIP-368).
 * @returns after how long it has to be done again; 0: never
 * @throws MillraceError UNSUPPORTED_SASL_MECHANISM, SASL_AUTHENTICATION_FAILED, ILLEGAL_SASL_STATE
 */
export async function authenticate(
  environment: Environment,
  sasl: SaslOptions,
  place: string,
  ask: Ask,
): Promise<number> {
  const { mechanism } = sasl
  const handshake = await ask(saslHandshake, { mechanism })
  if (handshake.errorCode === errorCodes.UNSUPPORTED_SASL_MECHANISM) {
    const offered = handshake.mechanisms.join(', ')
    throw kafkaError(handshake.errorCode, place, `${mechanism} was asked for; it offers ${offered}`)
  }
  checkCode(handshake.errorCode, place)
  const exchange = await startExchange(environment, sasl)
  let token: Buffer | 'done' = exchange.first
  let sessionLifetimeMs = 0
  while (token !== 'done') {
    const answer: Decoded<typeof saslAuthenticate.response.schema> = await ask(saslAuthenticate, {
      authBytes: token,
    })
    checkCode(answer.errorCode, place, answer.errorMessage)
    sessionLifetimeMs = answer.sessionLifetimeMs
    token = exchange.next(answer.authBytes)
  }
  return sessionLifetimeMs
}
