import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Address, Connection } from '../../environment/index.ts'
import { isTlsAlert, tlsFailed } from './system-errors.ts'

export class SocketConnection implements Connection {
  readonly remote: Address
  readonly local: Address
  readonly peerSubject: string | undefined
  readonly #socket: Socket
  #corked = false
  #onData: ((chunk: Buffer) => void) | undefined
  #onClose: ((error?: Error) => void) | undefined
  #onDrain: (() => void) | undefined
  #error: Error | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    this.peerSubject = socket instanceof TLSSocket ? subjectOf(socket) : undefined
    socket.on('error', (error) => {
      this.#error = isTlsAlert(error) ? tlsFailed(error, `${this.remote.host}:${this.remote.port}`) : error
    })
    socket.on('close', () => {
      const tell = this.#onClose
      this.#onClose = undefined
      tell?.(this.#error)
    })
  }

  get bufferedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength
  }

  onData(handler: (chunk: Buffer) => void): void {
    const isFirst = this.#onData === undefined
    this.#onData = handler
    if (isFirst) this.#socket.on('data', (chunk: Buffer) => this.#onData?.(chunk))
  }

  onClose(handler: (error?: Error) => void): void {
    this.#onClose = handler
  }

  onDrain(handler: () => void): void {
    this.#onDrain = handler
  }

  write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket
    if (socket.destroyed || socket.writableEnded || pieces.length === 0) return
    this.#cork()
    const last = pieces.length - 1
    for (let i = 0; i < last; i++) socket.write(pieces[i]!)
    socket.write(pieces[last]!, this.#afterWrite)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error)
  }

  /** Until the end of the current callback, so that several answers made in it leave in one system call. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#socket.uncork()
    })
  }

  readonly #afterWrite = (): void => {
    if (this.#socket.writableLength === 0 && !this.#socket.destroyed) this.#onDrain?.()
  }
}

/** As Java writes it, the most particular part first (RFC 2253). */
function subjectOf(socket: TLSSocket): string | undefined {
  const { subject } = socket.getPeerCertificate()
  if (!subject) return undefined
  const parts = Object.entries(subject).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}=${one}`),
  )
  return parts.reverse().join(',')
}
