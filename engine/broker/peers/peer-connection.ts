import { isMillraceError, MillraceError } from '../../base/errors.ts'
import type { Address, Connection, Environment, TimerHandle } from '../../environment/index.ts'
import type { Api } from '../../protocol/api.ts'
import { FrameSplitter } from '../../protocol/frame-splitter.ts'
import { correlationIdOf, decodeResponse, encodeRequest } from '../../protocol/frames.ts'
import type { Decoded, Encodable, Field } from '../../protocol/schema.ts'

export const peerFrameBytesMax = 256 * 1024 * 1024
const connectTimeoutMs = 1000
/** Posts that wait for a connection; older ones are dropped, as they may be. */
const queuedPostsMax = 100

interface Call {
  readonly settle: (frame: Buffer) => void
  readonly fail: (error: MillraceError) => void
  readonly timer: TimerHandle
}

/** The way to one peer: connects when there is something to say, and again when the connection broke. */
export class PeerConnection {
  private readonly environment: Environment
  private readonly address: Address
  private readonly peer: number
  private readonly onLost: (gone: boolean) => void
  private connection: Connection | undefined
  private connecting: Promise<Connection> | undefined
  private readonly calls = new Map<number, Call>()
  private queuedPosts = 0
  private lastCorrelationId = 0
  private isClosed = false

  constructor(environment: Environment, peer: number, address: Address, onLost: (gone: boolean) => void) {
    this.environment = environment
    this.peer = peer
    this.address = address
    this.onLost = onLost
  }

  /** One way; may be lost. */
  post<Request extends Field>(api: Api<Request, Field>, body: Encodable<Request>): void {
    if (!this.connection && this.queuedPosts >= queuedPostsMax) return
    const frame = encodeRequest(api, 0, { correlationId: 0, clientId: null }, body)
    if (this.connection) {
      this.connection.write(frame)
      return
    }
    this.queuedPosts++
    this.connect().then(
      (connection) => connection.write(frame),
      () => undefined, // told by `onLost`
    )
  }

  /** @throws MillraceError PEER_LOST, PEER_TIMED_OUT */
  async call<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    body: Encodable<Request>,
    timeoutMs: number,
  ): Promise<Decoded<Response>> {
    const connection = this.connection ?? (await this.connect())
    const correlationId = ++this.lastCorrelationId
    const frame = await new Promise<Buffer>((settle, fail) => {
      const timer = this.environment.timers.after(timeoutMs, () => {
        if (!this.calls.delete(correlationId)) return
        fail(this.error('PEER_TIMED_OUT', `broker ${this.peer} has not answered within ${timeoutMs} ms`))
      })
      this.calls.set(correlationId, { settle, fail, timer })
      connection.write(encodeRequest(api, 0, { correlationId, clientId: null }, body))
    })
    return decodeResponse(api, 0, frame).body
  }

  close(): void {
    this.isClosed = true
    this.connection?.destroy()
    this.failCalls()
  }

  private connect(): Promise<Connection> {
    this.connecting ??= this.open().finally(() => {
      this.connecting = undefined
      this.queuedPosts = 0
    })
    return this.connecting
  }

  private async open(): Promise<Connection> {
    if (this.isClosed) throw this.error('PEER_LOST', 'this broker has stopped')
    let connection: Connection
    try {
      connection = await this.environment.network.connect({ ...this.address, timeoutMs: connectTimeoutMs })
    } catch (thrown) {
      if (!this.isClosed) this.onLost(isMillraceError(thrown, 'CONNECTION_REFUSED'))
      throw this.error('PEER_LOST', `broker ${this.peer} cannot be reached`, thrown)
    }
    const splitter = new FrameSplitter(peerFrameBytesMax)
    connection.onData((chunk) => this.receive(connection, splitter, chunk))
    connection.onClose(() => this.lose(connection))
    if (this.isClosed) connection.destroy()
    else this.connection = connection
    return connection
  }

  private receive(connection: Connection, splitter: FrameSplitter, chunk: Buffer): void {
    try {
      for (const frame of splitter.push(chunk)) {
        const id = correlationIdOf(frame)
        const call = this.calls.get(id)
        this.calls.delete(id)
        call?.timer.cancel()
        call?.settle(frame)
      }
    } catch (thrown) {
      connection.destroy(MillraceError.from(thrown))
    }
  }

  private lose(connection: Connection): void {
    if (this.connection !== connection) return
    this.connection = undefined
    this.failCalls()
    if (!this.isClosed) this.onLost(false)
  }

  private failCalls(): void {
    const error = this.error('PEER_LOST', `the connection to broker ${this.peer} broke`)
    for (const call of this.calls.values()) {
      call.timer.cancel()
      call.fail(error)
    }
    this.calls.clear()
  }

  private error(code: string, what: string, cause?: unknown): MillraceError {
    return new MillraceError({ code, what, where: `${this.address.host}:${this.address.port}`, cause })
  }
}
