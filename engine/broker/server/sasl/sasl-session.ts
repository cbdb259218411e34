/**
 * A client's way in on one connection, as KIP-43, KIP-152 and KIP-368 have it.
 *
 * | state      | on                                | goes to                                     |
 * |------------|-----------------------------------|---------------------------------------------|
 * | stranger   | ApiVersions                       | stays                                       |
 * | stranger   | SaslHandshake, mechanism offered  | exchanging                                  |
 * | stranger   | SaslHandshake, not offered        | refused: answered with 33, and closed       |
 * | exchanging | SaslAuthenticate, bare token (v0) | exchanging, signed in, or refused           |
 * | exchanging | SaslHandshake                     | refused: answered with 34, and closed       |
 * | signed in  | SaslHandshake                     | exchanging: anew, as the same user          |
 * | signed in  | anything else                     | stays, until the session's life is over     |
 * | any        | what is not in this table         | closed                                      |
 */
import { isMillraceError } from '../../../base/errors.ts'
import type { Environment } from '../../../environment/index.ts'
import { apiVersions } from '../../../protocol/apis/api-versions.ts'
import { saslAuthenticate } from '../../../protocol/apis/sasl-authenticate.ts'
import { saslHandshake } from '../../../protocol/apis/sasl-handshake.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import { scramKinds } from '../../../protocol/scram.ts'
import type { ClientsImage } from '../../controller/clients-image.ts'
import type { BrokerSettings } from '../../settings/broker-settings.ts'
import type { SaslRules } from '../listener-security.ts'
import { type ServerExchange, signInFault } from './exchange.ts'
import { plainServer } from './plain.ts'
import { scramServer } from './scram.ts'

export interface SaslParts {
  readonly environment: Pick<Environment, 'clock' | 'timers' | 'codecs' | 'random'>
  readonly settings: BrokerSettings
  /** At the moment. */
  readonly clients: () => ClientsImage
}

type State = 'stranger' | 'exchanging' | 'signed in' | 'refused'

export interface SignInAnswer {
  readonly error: ErrorName
  readonly message: string | null
  readonly token: Buffer
  /** 0: for ever. */
  readonly sessionLifetimeMs: number
}

export class SaslSession {
  user: string | undefined
  private readonly parts: SaslParts
  private readonly rules: SaslRules
  private state: State = 'stranger'
  private mechanism = ''
  private exchange: ServerExchange | undefined
  private isBare = false
  private endsAtMs = Number.POSITIVE_INFINITY

  constructor(parts: SaslParts, rules: SaslRules) {
    this.parts = parts
    this.rules = rules
  }

  get isSignedIn(): boolean {
    return this.state === 'signed in'
  }

  /** The connection ends once what was answered has been sent. */
  get isRefused(): boolean {
    return this.state === 'refused'
  }

  /** After version 0 of SaslHandshake what comes are tokens alone. */
  get takesBareTokens(): boolean {
    return this.state === 'exchanging' && this.isBare
  }

  permits(apiKey: number): boolean {
    switch (this.state) {
      case 'stranger':
        return apiKey === apiVersions.key || apiKey === saslHandshake.key
      case 'exchanging':
        return apiKey === saslAuthenticate.key || apiKey === saslHandshake.key
      case 'signed in':
        return apiKey === saslHandshake.key || this.parts.environment.clock.monotonicMs() < this.endsAtMs
      case 'refused':
        return false
    }
  }

  handshake(mechanism: string, version: number): { error: ErrorName; mechanisms: readonly string[] } {
    const { mechanisms } = this.rules
    if (this.state === 'exchanging') {
      this.state = 'refused'
      return { error: 'ILLEGAL_SASL_STATE', mechanisms: [] }
    }
    if (!mechanisms.includes(mechanism)) {
      this.state = 'refused'
      return { error: 'UNSUPPORTED_SASL_MECHANISM', mechanisms }
    }
    // The same mechanism as before, as Kafka has it: its change shows with the exchange.
    this.exchange = this.begin(mechanism)
    this.isBare = version === 0
    this.state = 'exchanging'
    return { error: 'NONE', mechanisms }
  }

  async authenticate(token: Buffer): Promise<SignInAnswer> {
    if (this.state !== 'exchanging' || !this.exchange) {
      const message = 'SaslAuthenticate request received after successful authentication'
      return refusal('ILLEGAL_SASL_STATE', message)
    }
    try {
      const { answer, user } = this.exchange.next(token)
      const sessionLifetimeMs = user === undefined ? 0 : this.signIn(user)
      return { error: 'NONE', message: null, token: answer, sessionLifetimeMs }
    } catch (thrown) {
      if (!isMillraceError(thrown, 'SASL_AUTHENTICATION_FAILED')) throw thrown
      this.state = 'refused'
      const { environment, settings } = this.parts
      // Who guesses passwords is to wait for each.
      await environment.timers.sleep(settings.number('connection.failed.authentication.delay.ms'))
      return refusal('SASL_AUTHENTICATION_FAILED', thrown.what)
    }
  }

  private begin(mechanism: string): ServerExchange {
    if (this.user !== undefined && mechanism !== this.mechanism) return changedMechanism
    this.mechanism = mechanism
    const { environment, clients } = this.parts
    const kind = scramKinds.find((each) => each.mechanism === mechanism)
    if (!kind) return plainServer(environment.codecs.crypto, this.rules.plainUsers)
    return scramServer(environment, kind, (user) => clients().credential(user, kind.code))
  }

  private signIn(user: string): number {
    if (this.user !== undefined && this.user !== user) {
      throw signInFault(`Cannot change principals during re-authentication from ${this.user}: ${user}`)
    }
    this.user = user
    this.state = 'signed in'
    this.exchange = undefined
    const lifetimeMs = this.parts.settings.number('connections.max.reauth.ms')
    if (lifetimeMs > 0) this.endsAtMs = this.parts.environment.clock.monotonicMs() + lifetimeMs
    return lifetimeMs
  }
}

const changedMechanism: ServerExchange = {
  next: () => {
    throw signInFault('The SASL mechanism cannot be changed during re-authentication')
  },
}

function refusal(error: ErrorName, message: string): SignInAnswer {
  return { error, message, token: Buffer.alloc(0), sessionLifetimeMs: 0 }
}

/** After version 0 of SaslHandshake: the token of the answer after its length, and no way to say what is wrong. */
export async function answerBareToken(sasl: SaslSession, token: Buffer): Promise<Buffer[] | undefined> {
  const { error, token: answer } = await sasl.authenticate(token)
  if (error !== 'NONE') return undefined
  const length = Buffer.alloc(4)
  length.writeInt32BE(answer.length)
  return [length, answer]
}
