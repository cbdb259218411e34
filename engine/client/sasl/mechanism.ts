import type { Environment } from '../../environment/index.ts'
import type { SaslOptions } from '../api.ts'
import { oauthBearerExchange } from './oauth-bearer.ts'
import { plainExchange } from './plain.ts'
import { scramExchange } from './scram.ts'

/** The client's side of one sign-in. */
export interface SaslExchange {
  /** What is sent first. */
  readonly first: Buffer
  /** The answer to what the broker said, or 'done'. @throws MillraceError SASL_AUTHENTICATION_FAILED */
  next(challenge: Buffer): Buffer | 'done'
}

/** @throws MillraceError SASL_AUTHENTICATION_FAILED where there is no token */
export async function startExchange(environment: Environment, sasl: SaslOptions): Promise<SaslExchange> {
  switch (sasl.mechanism) {
    case 'PLAIN':
      return plainExchange(sasl)
    case 'OAUTHBEARER':
      return oauthBearerExchange(sasl)
    default:
      return scramExchange(environment, sasl)
  }
}
