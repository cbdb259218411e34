import { isMillraceError, MillraceError } from '../../base/errors.ts'
import type { Address, Connection, Environment, TimerHandle } from '../../environment/index.ts'
import type { Api } from '../../protocol/api.ts'
import { FrameSplitter } from '../../protocol/frame-splitter.ts'
import { correlationIdOf, decodeResponse, encodeRequest } from '../../protocol/frames.ts'
import type { Decoded, Encodable, Field } from '../../protocol/schema.ts'
import { NetworkMetrics } from '../metrics/network-metrics.ts'
import { authenticate } from '../sasl/authenticate.ts'
import type { ConnectionSettings } from '../settings.ts'
import { ApiRanges, negotiate } from './negotiate.ts'

/** Far above any sane fetch.max.bytes: what claims more is not Kafka's protocol. */
const responseBytesMax = 512 * 1024 * 1024

export interface RequestOptions {
  /** Highest version to use, where the caller can't serve all that both sides know. */
  readonly versionMax?: number
  /** How long to wait for the answer; the client's request timeout if left out. */
  readonly timeoutMs?: number
}

/** A body, or how to make it for the version that was agreed. */
export type Body<F extends Field> = Encodable<F> | ((version: number) => Encodable<F>)

/** In shares of the session's life, as Kafka's Java clients do. */
const signInAgainAt = { from: 0.85, to: 0.95 } as const

interface Pending {
  readonly correlationId: number
  readonly apiName: string
  readonly deadlineMs: number
  answer(frame: Buffer): void
  reject(error: MillraceError): void
}

/**
 * One connection to one broker. Requests are pipelined: a broker answers those of one connection in their order. One
 * that is not answered in time ends the connection, as the order would be lost otherwise.
 */
export class BrokerConnection {
  readonly address: Address
  readonly #environment: Environment
  readonly #settings: ConnectionSettings
  readonly #metrics: NetworkMetrics
  readonly #connection: Connection
  readonly #frames = new FrameSplitter(responseBytesMax)
  #ranges = new ApiRanges([])
  #pending: Pending[] = []
  #nextCorrelationId = 0
  #timer: TimerHandle | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #closed: MillraceError | undefined
  #onClose: ((error: MillraceError) => void) | undefined
  /** What waits while the connection signs in anew: the broker takes nothing else meanwhile (KIP-368). */
  #held: (() => void)[] | undefined
  #signInTimer: TimerHandle | undefined

  private constructor(
    environment: Environment,
    settings: ConnectionSettings,
    address: Address,
    connection: Connection,
    metrics: NetworkMetrics,
  ) {
    this.#environment = environment
    this.#settings = settings
    this.#metrics = metrics
    this.address = address
    this.#connection = connection
    connection.onData((chunk) => this.#receive(chunk))
    connection.onClose((cause) => this.#fail(isTlsFault(cause) ? cause : connectionLost(address, cause)))
  }

  /**
   * Connects, asks which versions the broker knows, and signs in if the settings say how.
   * @throws MillraceError CONNECTION_REFUSED, CONNECTION_TIMED_OUT, HOST_NOT_FOUND, TLS_FAILED, CONNECTION_LOST,
   *   REQUEST_TIMED_OUT, MALFORMED_FRAME, UNSUPPORTED_VERSION, UNSUPPORTED_SASL_MECHANISM, SASL_AUTHENTICATION_FAILED,
   *   ILLEGAL_SASL_STATE
   */
  static async open(
    environment: Environment,
    settings: ConnectionSettings,
    address: Address,
    metrics = new NetworkMetrics(environment.clock),
  ): Promise<BrokerConnection> {
    const { tls, connectTimeoutMs: timeoutMs } = settings
    const connection = await environment.network.connect({ ...address, tls, timeoutMs })
    const opened = new BrokerConnection(environment, settings, address, connection, metrics)
    metrics.opened()
    try {
      opened.#ranges = await negotiate(opened)
      await opened.#signIn()
      return opened
    } catch (thrown) {
      opened.close()
      throw thrown
    }
  }

  get isOpen(): boolean {
    return this.#closed === undefined
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    return this.#pending.length
  }

  /** Bytes written that the broker's side has not taken yet. */
  get bufferedBytes(): number {
    return this.#connection.bufferedBytes
  }

  /** When `bufferedBytes` has fallen to 0 after it was above. */
  onDrain(handler: () => void): void {
    this.#connection.onDrain(handler)
  }

  /** Called once when the connection has ended; at once if it already has. */
  onClose(handler: (error: MillraceError) => void): void {
    if (this.#closed) handler(this.#closed)
    else this.#onClose = handler
  }

  /** The version to speak with this broker. @throws MillraceError UNSUPPORTED_VERSION */
  version(api: Api<Field, Field>, versionMax?: number): number {
    return this.#ranges.common(api, versionMax, this.address)
  }

  supports(api: Api<Field, Field>): boolean {
    return this.#ranges.has(api)
  }

  async request<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    body: Body<Request>,
    options: RequestOptions = {},
  ): Promise<Decoded<Response>> {
    const version = this.version(api, options.versionMax)
    const frame = await this.exchange(api, version, body, options.timeoutMs)
    return this.decode(api, version, frame)
  }

  /** For requests that are never answered (Produce with acks 0). */
  requestUnanswered<Request extends Field>(
    api: Api<Request, Field>,
    body: Body<Request>,
    options: RequestOptions = {},
  ): void {
    if (this.#closed) throw this.#closed
    const version = this.version(api, options.versionMax)
    if (this.#held) this.#held.push(() => void this.#write(api, version, body))
    else this.#write(api, version, body)
  }

  /** Sends a request of a given version and gives the frame of its answer. */
  exchange<Request extends Field>(
    api: Api<Request, Field>,
    version: number,
    body: Body<Request>,
    timeoutMs = this.#settings.requestTimeoutMs,
  ): Promise<Buffer> {
    const held = this.#held
    if (!held || this.#closed) return this.#exchange(api, version, body, timeoutMs)
    return new Promise((resolve, reject) => {
      held.push(() => this.#exchange(api, version, body, timeoutMs).then(resolve, reject))
    })
  }

  #exchange<Request extends Field>(
    api: Api<Request, Field>,
    version: number,
    body: Body<Request>,
    timeoutMs: number,
  ): Promise<Buffer> {
    if (this.#closed) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      const correlationId = this.#write(api, version, body)
      const deadlineMs = this.#environment.clock.monotonicMs() + timeoutMs
      this.#pending.push({ correlationId, apiName: api.name, deadlineMs, answer: resolve, reject })
      this.#watch(deadlineMs)
    })
  }

  /** An answer that can't be read leaves the connection in an unknown state, and ends it. */
  decode<Response extends Field>(
    api: Api<Field, Response>,
    version: number,
    frame: Buffer,
  ): Decoded<Response> {
    try {
      return decodeResponse(api, version, frame).body
    } catch (thrown) {
      const error = MillraceError.from(thrown)
      this.#connection.destroy()
      this.#fail(error)
      throw error
    }
  }

  close(): void {
    this.#connection.destroy()
    this.#fail(connectionLost(this.address))
  }

  /** Before the session of the sign-in ends it is done anew, on the same connection (KIP-368). */
  async #signIn(): Promise<void> {
    const { sasl, requestTimeoutMs } = this.#settings
    if (sasl === undefined) return
    const lifetimeMs = await authenticate(
      this.#environment,
      sasl,
      placeOf(this.address),
      async (api, body) => {
        const version = this.version(api)
        return this.decode(api, version, await this.#exchange(api, version, body, requestTimeoutMs))
      },
    )
    if (lifetimeMs <= 0 || this.#closed) return
    const { timers, random } = this.#environment
    const share = signInAgainAt.from + random.float() * (signInAgainAt.to - signInAgainAt.from)
    this.#signInTimer = timers.after(lifetimeMs * share, () => void this.#signInAgain())
  }

  async #signInAgain(): Promise<void> {
    this.#held = []
    try {
      await this.#signIn()
    } catch (thrown) {
      this.#connection.destroy()
      this.#fail(MillraceError.from(thrown))
    }
    this.#release()
  }

  #release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const send of held) send()
  }

  #write<Request extends Field>(api: Api<Request, Field>, version: number, body: Body<Request>): number {
    const correlationId = this.#nextCorrelationId
    this.#nextCorrelationId = (correlationId + 1) & 0x7fffffff
    const content = isMaker(body) ? body(version) : body
    const { clientId } = this.#settings
    const pieces = encodeRequest(api, version, { correlationId, clientId }, content)
    let sizeBytes = 0
    for (const piece of pieces) sizeBytes += piece.length
    this.#metrics.requested(sizeBytes)
    this.#connection.write(pieces)
    return correlationId
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) this.#answer(frame)
    } catch (thrown) {
      this.#connection.destroy()
      this.#fail(MillraceError.from(thrown, { where: placeOf(this.address) }))
    }
  }

  #answer(frame: Buffer): void {
    this.#metrics.answered(frame.length)
    const first = this.#pending.shift()
    const correlationId = correlationIdOf(frame)
    if (first === undefined || first.correlationId !== correlationId) {
      const error = new MillraceError({
        code: 'MALFORMED_FRAME',
        what: `the broker answered request ${correlationId} out of order`,
        where: placeOf(this.address),
      })
      first?.reject(error)
      throw error
    }
    first.answer(frame)
  }

  /** Keeps one timer, for the earliest deadline. */
  #watch(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = deadlineMs
    const delayMs = deadlineMs - this.#environment.clock.monotonicMs()
    this.#timer = this.#environment.timers.after(delayMs, () => this.#checkDeadlines())
  }

  #checkDeadlines(): void {
    this.#timer = undefined
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = this.#environment.clock.monotonicMs()
    let earliest = Number.POSITIVE_INFINITY
    for (const pending of this.#pending) {
      if (pending.deadlineMs <= nowMs) {
        this.#connection.destroy()
        this.#fail(timedOut(pending.apiName, this.address))
        return
      }
      earliest = Math.min(earliest, pending.deadlineMs)
    }
    if (earliest !== Number.POSITIVE_INFINITY) this.#watch(earliest)
  }

  #fail(error: MillraceError): void {
    if (this.#closed) return
    this.#closed = error
    this.#metrics.closed()
    this.#timer?.cancel()
    this.#signInTimer?.cancel()
    const unanswered = this.#pending
    this.#pending = []
    for (const pending of unanswered) pending.reject(error)
    this.#onClose?.(error)
  }
}

function isMaker<F extends Field>(body: Body<F>): body is (version: number) => Encodable<F> {
  return typeof body === 'function'
}

function isTlsFault(cause: Error | undefined): cause is MillraceError {
  return isMillraceError(cause, 'TLS_FAILED')
}

function connectionLost(address: Address, cause?: Error): MillraceError {
  return new MillraceError({
    code: 'CONNECTION_LOST',
    what: 'the connection to the broker has ended',
    where: placeOf(address),
    remedy: 'check that the broker runs',
    cause,
  })
}

function timedOut(apiName: string, address: Address): MillraceError {
  return new MillraceError({
    code: 'REQUEST_TIMED_OUT',
    what: `the broker did not answer ${apiName} in time`,
    where: placeOf(address),
    remedy: 'check that the broker is not overloaded, or allow it more time',
  })
}

export function placeOf(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
