import { isMillraceError, MillraceError } from '../../base/errors.ts'
import type { Connection } from '../../environment/index.ts'
import { FrameSplitter } from '../../protocol/frame-splitter.ts'
import { decodeRequestHeader, type RequestHeader } from '../../protocol/frames.ts'
import { ClientSession } from './client-session.ts'
import type { BrokerContext } from './context.ts'
import type { Handler } from './handler.ts'

/** Requests read ahead of their turn, and answers that a slow client has not taken, above which reading stops. */
const heldBytesMax = 64 * 1024 * 1024
const unsentBytesMax = 8 * 1024 * 1024

/** What ends a connection through no fault of ours. */
const clientsFaults: ReadonlySet<string> = new Set([
  'MALFORMED_FRAME',
  'UNSUPPORTED_VERSION',
  'UNANSWERED_PRODUCE_REFUSED',
])

interface Pending {
  readonly header: RequestHeader
  readonly frame: Buffer
  readonly handler: Handler
  state: 'waiting' | 'running' | 'done'
  answer: Buffer[] | undefined
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
  private isClosed = false

  constructor(
    connection: Connection,
    broker: BrokerContext,
    lookUp: HandlerLookup,
    options: { readonly isHeld: boolean; readonly onClosed: () => void },
  ) {
    this.isHeld = options.isHeld
    this.connection = connection
    this.session = new ClientSession(connection.remote.host)
    this.broker = broker
    this.lookUp = lookUp
    this.splitter = new FrameSplitter(broker.settings.number('socket.request.max.bytes'))
    connection.onData((chunk) => this.receive(chunk))
    connection.onDrain(() => this.pump())
    connection.onClose(() => {
      this.isClosed = true
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
    this.session.end()
    this.connection.destroy()
  }

  private receive(chunk: Buffer): void {
    if (this.isClosed) return
    this.bytesIn += chunk.length
    try {
      for (const frame of this.splitter.push(chunk)) {
        const header = decodeRequestHeader(frame)
        const handler = this.lookUp(header, frame)
        this.queue.push({ header, frame, handler, state: 'waiting', answer: undefined })
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
      if (!isSlow) this.startNext()
    }
    const shouldPause = isSlow || this.heldBytes > heldBytesMax
    if (shouldPause !== this.isPaused) {
      this.isPaused = shouldPause
      if (shouldPause) this.connection.pause()
      else this.connection.resume()
    }
  }

  private startNext(): void {
    for (let i = 0; i < this.queue.length; i++) {
      const pending = this.queue[i]!
      if (pending.state === 'waiting') {
        if (i > 0 && !pending.handler.isPipelined) return
        pending.state = 'running'
        void this.run(pending)
      }
      if (!pending.handler.isPipelined) return
    }
  }

  private async run(pending: Pending): Promise<void> {
    const { handler, header, frame } = pending
    try {
      pending.answer = await handler.run(this.broker, header, frame, this.session)
      pending.state = 'done'
    } catch (thrown) {
      return this.fail(thrown)
    }
    this.pump()
  }

  private flush(): void {
    while (this.queue[0]?.state === 'done') {
      const { answer, frame } = this.queue.shift()!
      this.heldBytes -= frame.length
      if (!answer) continue
      for (const piece of answer) this.bytesOut += piece.length
      this.connection.write(answer)
    }
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
