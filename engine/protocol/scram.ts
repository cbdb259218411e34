/** What both sides of SCRAM compute (RFC 5802, and KIP-84 for Kafka's use of it). */
import { MillraceError } from '../base/errors.ts'
import type { Crypto, HashName } from '../environment/crypto.ts'
import type { Random } from '../environment/random.ts'
import { scramMechanisms } from './apis/alter-user-scram-credentials.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface ScramKind {
  readonly mechanism: ScramMechanism
  /** In Kafka's requests and metadata. */
  readonly code: number
  readonly hash: HashName
}

export const scramKinds: readonly ScramKind[] = [
  { mechanism: 'SCRAM-SHA-256', code: scramMechanisms.sha256, hash: 'sha256' },
  { mechanism: 'SCRAM-SHA-512', code: scramMechanisms.sha512, hash: 'sha512' },
]

/** What Kafka takes for the stretching of a password. */
export const scramIterations = { min: 4096, max: 16_384 } as const

export interface ScramKeys {
  readonly clientKey: Buffer
  /** The hash of the client's key: enough to check a proof, too little to make one. */
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

export function scramKeys(crypto: Crypto, hash: HashName, saltedPassword: Uint8Array): ScramKeys {
  const clientKey = crypto.hmac(hash, saltedPassword, Buffer.from('Client Key'))
  const serverKey = crypto.hmac(hash, saltedPassword, Buffer.from('Server Key'))
  return { clientKey, storedKey: crypto.hash(hash, clientKey), serverKey }
}

export function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
}

/** Hashed, so that nonces that were seen tell nothing of those to come. */
export function scramNonce(crypto: Crypto, random: Random): string {
  return crypto.hash('sha256', random.bytes(32)).toString('base64url')
}

/** `,` and `=` part the attributes of a message. */
export function escapeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

export function unescapeName(text: string): string {
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

/** `a=…,b=…` by its one-letter names. @throws MillraceError SASL_AUTHENTICATION_FAILED where one of `needed` is missing */
export function scramAttributes<Name extends string>(
  text: string,
  needed: readonly Name[],
): Record<Name, string> & Partial<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const part of text.split(',')) {
    if (part[1] === '=') found[part[0]!] ??= part.slice(2)
  }
  const missing = needed.find((name) => found[name] === undefined)
  if (missing !== undefined) throw scramFault(`a message of SCRAM has no ${missing}`)
  return found as Record<Name, string>
}

export function scramFault(what: string): MillraceError {
  return new MillraceError({ code: 'SASL_AUTHENTICATION_FAILED', what })
}
