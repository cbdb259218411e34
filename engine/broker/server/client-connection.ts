import { isMillraceError, MillraceError } from '../../base/errors.ts'
import type { Connection, TimerHandle } from '../../environment/index.ts'
import { FrameSplitter } from '../../protocol/frame-splitter.ts'
import { decodeRequestHeader, type RequestHeader } from '../../protocol/frames.ts'
import { ClientSession, type SessionParts } from './client-session.ts'
import type { BrokerContext } from './context.ts'
import type { Handler } from './handler.ts'
import { answerBareToken, type SaslSession } from './sasl/sasl-session.ts'

/** Requests read ahead of their turn, and answers that a slow client has not taken, above which reading stops. */
const heldBytesMax = 64 * 1024 * 1024
const unsentBytesMax = 8 * 1024 * 1024

/** A muted connection is looked at after so long, as timers cannot be as long as a small quota can make it. */
const muteStepMsMax = 60_000

/** What ends a connection through no fault of ours. */
const clientsFaults: ReadonlySet<string> = new Set([
  'MALFORMED_FRAME',
  'UNSUPPORTED_VERSION',
  'UNANSWERED_PRODUCE_REFUSED',
  'ILLEGAL_SASL_STATE',
])

interface Call {
  /** Undefined: no request of Kafka's. */
  readonly api?: string
  readonly isPipelined: boolean
  run(): Promise<Buffer[] | undefined>
}

interface Pending {
  readonly frame: Buffer
  /** Where clients sign in: only known when it is its turn, as what may come depends on what was before. */
  call: Call | undefined
  state: 'waiting' | 'running' | 'done'
  answer: Buffer[] | undefined
  readonly receivedMs: number
  startedMs: number
}

export interface ConnectionParts extends SessionParts {
  /** Its requests wait until `release`. */
  readonly isHeld: boolean
  readonly onClosed: () => void
}

export type HandlerLookup = (header: RequestHeader, frame: Buffer) => Handler

/**
 * A client's requests, one after the other as Kafka does it, but for those that may be pipelined; answers always in the
 * order of the requests. Whatever is wrong with one connection ends that one only.
 */
export class ClientConnection {
  bytesIn = 0
  bytesOut = 0
  private readonly connection: Connection
  private readonly broker: BrokerContext
  private readonly lookUp: HandlerLookup
  private readonly splitter: FrameSplitter
  private readonly session: ClientSession
  private readonly queue: Pending[] = []
  private heldBytes = 0
  private isHeld: boolean
  private isPaused = false
  private muting: TimerHandle | undefined
  private isClosed = false

  constructor(
    connection: Connection,
    broker: BrokerContext,
    lookUp: HandlerLookup,
    options: ConnectionParts,
  ) {
    this.isHeld = options.isHeld
    this.connection = connection
    this.session = new ClientSession(connection.remote.host, {
      ...options,
      certified: connection.peerSubject,
    })
    this.broker = broker
    this.lookUp = lookUp
    const sizeLimit = options.sasl ? 'sasl.server.max.receive.size' : 'socket.request.max.bytes'
    this.splitter = new FrameSplitter(broker.settings.number(sizeLimit))
    connection.onData((chunk) => this.receive(chunk))
    connection.onDrain(() => this.pump())
    connection.onClose(() => {
      this.isClosed = true
      this.muting?.cancel()
      this.session.end()
      options.onClosed()
    })
  }

  /** Its requests wait no longer for the broker to be ready. */
  release(): void {
    this.isHeld = false
    this.pump()
  }

  close(): void {
    this.isClosed = true
    this.muting?.cancel()
    this.session.end()
    this.connection.destroy()
  }

  private receive(chunk: Buffer): void {
    if (this.isClosed) return
    this.bytesIn += chunk.length
    const receivedMs = this.broker.metrics.requests.nowMs
    try {
      for (const frame of this.splitter.push(chunk)) {
        const call = this.session.sasl ? undefined : this.callOf(frame)
        this.queue.push({ frame, call, state: 'waiting', answer: undefined, receivedMs, startedMs: 0 })
        this.heldBytes += frame.length
      }
    } catch (thrown) {
      this.fail(thrown)
      return
    }
    this.pump()
  }

  /** Starts what may start, sends what is ready, and reads on only if there is room. */
  private pump(): void {
    if (this.isClosed) return
    const isSlow = this.connection.bufferedBytes > unsentBytesMax
    if (!this.isHeld) {
      this.flush()
      if (!isSlow && !this.isMuted()) this.startNext()
    }
    const shouldPause = isSlow || this.muting !== undefined || this.heldBytes > heldBytesMax
    if (shouldPause !== this.isPaused) {
      this.isPaused = shouldPause
      if (shouldPause) this.connection.pause()
      else this.connection.resume()
    }
  }

  /** While it is, a timer goes on with it. */
  private isMuted(): boolean {
    const { clock, timers } = this.broker.environment
    const restMs = this.session.mutedUntilMs - clock.monotonicMs()
    if (restMs <= 0) return false
    this.muting ??= timers.after(Math.min(restMs, muteStepMsMax), () => {
      this.muting = undefined
      this.pump()
    })
    return true
  }

  private startNext(): void {
    for (let i = 0; i < this.queue.length; i++) {
      const pending = this.queue[i]!
      const call = pending.call ?? this.callInTurn(pending)
      if (!call) return
      if (pending.state === 'waiting') {
        if (i > 0 && !call.isPipelined) return
        pending.state = 'running'
        pending.startedMs = this.broker.metrics.requests.nowMs
        void this.run(pending, call)
      }
      if (!call.isPipelined) return
    }
  }

  /** @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION */
  private callOf(frame: Buffer): Call {
    const header = decodeRequestHeader(frame)
    const handler = this.lookUp(header, frame)
    return {
      api: handler.api.name,
      isPipelined: handler.isPipelined,
      run: () => handler.run(this.broker, header, frame, this.session),
    }
  }

  /** Undefined: it may not come now, and the connection has ended. */
  private callInTurn(pending: Pending): Call | undefined {
    try {
      pending.call = this.guardedCall(pending.frame, this.session.sasl!)
      return pending.call
    } catch (thrown) {
      this.fail(thrown)
      return undefined
    }
  }

  private guardedCall(frame: Buffer, sasl: SaslSession): Call {
    if (sasl.takesBareTokens) return { isPipelined: false, run: () => answerBareToken(sasl, frame) }
    const { apiKey } = decodeRequestHeader(frame)
    if (!sasl.permits(apiKey)) {
      throw new MillraceError({
        code: 'ILLEGAL_SASL_STATE',
        what: `it sent a request of API ${apiKey} without being signed in`,
        remedy: 'set security.protocol and the mechanism in that client',
      })
    }
    return this.callOf(frame)
  }

  private async run(pending: Pending, call: Call): Promise<void> {
    try {
      pending.answer = await call.run()
      pending.state = 'done'
      // Before the answer is sent: what follows it may be large.
      if (this.session.sasl?.isSignedIn) {
        this.splitter.frameBytesMax = this.broker.settings.number('socket.request.max.bytes')
      }
    } catch (thrown) {
      return this.fail(thrown)
    }
    this.pump()
  }

  private flush(): void {
    while (this.queue[0]?.state === 'done') {
      const { answer, frame, call, receivedMs, startedMs } = this.queue.shift()!
      this.heldBytes -= frame.length
      if (call?.api !== undefined) this.broker.metrics.requests.answered(call.api, receivedMs, startedMs)
      if (!answer) continue
      for (const piece of answer) this.bytesOut += piece.length
      this.connection.write(answer)
    }
    if (this.session.sasl?.isRefused && this.queue.every(({ state }) => state === 'waiting'))
      this.endAfterAnswer()
  }

  /** What was refused is told before the connection ends. */
  private endAfterAnswer(): void {
    this.isClosed = true
    this.session.end()
    this.connection.end()
  }

  private fail(thrown: unknown): void {
    if (this.isClosed) return
    const error = MillraceError.from(thrown)
    const { host, port } = this.connection.remote
    const isClients = isMillraceError(thrown) && clientsFaults.has(thrown.code)
    const where = error.where === undefined ? '' : ` (${error.where})`
    const stack = isClients || !(thrown instanceof Error) ? '' : `\n${thrown.stack}`
    this.broker.environment.log.write(
      isClients ? 'warn' : 'error',
      `broker-${this.broker.id}`,
      `closed the connection from ${host}:${port}: ${error.what}${where}${stack}`,
    )
    this.close()
  }
}
