import type { Crypto } from '../../environment/index.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import { scramIterations, scramKeys, scramKinds } from '../../protocol/scram.ts'
import type { ControllerState, Decision } from './decision.ts'
import type { MetadataRecord } from './records.ts'

/** Bytes in base 64. */
export interface ScramAlteration {
  readonly deletions: readonly { readonly name: string; readonly mechanism: number }[]
  readonly upsertions: readonly {
    readonly name: string
    readonly mechanism: number
    readonly iterations: number
    readonly salt: string
    readonly saltedPassword: string
  }[]
}

export interface ScramAnswer {
  readonly user: string
  readonly error: ErrorName
  readonly message?: string
}

type Fault = Omit<ScramAnswer, 'user'>

/** All that is asked for a user, or nothing of it (KIP-554). */
export function alterScramCredentials(
  { image }: ControllerState,
  { deletions, upsertions }: ScramAlteration,
  crypto: Crypto,
): Decision<readonly ScramAnswer[]> {
  const users = new Map<string, Fault>()
  const records: (MetadataRecord & { readonly user: string })[] = []
  const seen = new Set<string>()
  const check = (name: string, mechanism: number, fault: () => Fault | undefined) => {
    const found = commonFault(name, mechanism, seen) ?? fault() ?? none
    const before = users.get(name)
    // The first fault of a user is the one that is told.
    if (before === undefined || before === none) users.set(name, found)
  }
  for (const { name, mechanism } of deletions) {
    check(name, mechanism, () => (image.clients.credential(name, mechanism) ? undefined : missing))
    records.push({ type: 'remove-scram-credential', user: name, mechanism })
  }
  for (const { name, mechanism, iterations, salt, saltedPassword } of upsertions) {
    check(name, mechanism, () => iterationsFault(iterations))
    const kind = scramKinds.find(({ code }) => code === mechanism)
    if (!kind) continue
    const keys = scramKeys(crypto, kind.hash, Buffer.from(saltedPassword, 'base64'))
    records.push({
      type: 'scram-credential',
      user: name,
      mechanism,
      iterations,
      salt,
      storedKey: keys.storedKey.toString('base64'),
      serverKey: keys.serverKey.toString('base64'),
    })
  }
  return {
    records: records.filter(({ user }) => users.get(user) === none),
    response: [...users].map(([user, fault]) => ({ user, ...fault })),
  }
}

const none: Fault = { error: 'NONE' }
const missing: Fault = {
  error: 'RESOURCE_NOT_FOUND',
  message: 'Attempt to delete a user credential that does not exist',
}

function commonFault(name: string, mechanism: number, seen: Set<string>): Fault | undefined {
  if (name === '') return { error: 'UNACCEPTABLE_CREDENTIAL', message: 'Username must not be empty' }
  if (!scramKinds.some(({ code }) => code === mechanism)) {
    return { error: 'UNSUPPORTED_SASL_MECHANISM', message: 'Unknown SCRAM mechanism' }
  }
  const key = `${mechanism} ${name}`
  if (seen.has(key)) {
    const message = 'A user credential cannot be altered twice in the same request'
    return { error: 'DUPLICATE_RESOURCE', message }
  }
  seen.add(key)
  return undefined
}

function iterationsFault(iterations: number): Fault | undefined {
  if (iterations < scramIterations.min)
    return { error: 'UNACCEPTABLE_CREDENTIAL', message: 'Too few iterations' }
  if (iterations > scramIterations.max)
    return { error: 'UNACCEPTABLE_CREDENTIAL', message: 'Too many iterations' }
  return undefined
}
