import { MillraceError } from '../../../base/errors.ts'

/** The broker's side of one sign-in. */
export interface ServerExchange {
  /** `user` once it is known who it is. @throws MillraceError SASL_AUTHENTICATION_FAILED with a text for the client */
  next(token: Buffer): { readonly answer: Buffer; readonly user?: string }
}

export function signInFault(what: string): MillraceError {
  return new MillraceError({ code: 'SASL_AUTHENTICATION_FAILED', what })
}
