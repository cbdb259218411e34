import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Channel } from '../../host/channel.ts'
import { windowProtocol } from '../../host/socket-channel.ts'
import type { HostSupervisor } from '../shell/host-supervisor.ts'
import type { FromHost } from '../shell/messages.ts'
import type { StudioServer } from './http-server.ts'
import { socketServerChannel } from './server-channel.ts'

/** The largest message that a window may send: a document with its files. */
const messageBytesMax = 64 * 1024 * 1024
export const socketPath = '/host'

/** Hands the bytes of each window's WebSocket to the host process and back, without looking at them. */
export class WindowChannels {
  readonly #channels = new Map<number, Channel>()
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    clientTracking: false,
    handleProtocols: () => windowProtocol,
  })
  #nextId = 1

  attach({ server, signIn }: StudioServer, host: HostSupervisor): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // Node takes its own listener off before it hands a socket over: a peer's reset would end the studio.
      socket.on('error', () => socket.destroy())
      const status = !signIn.isOwnOrigin(request)
        ? '403 Forbidden'
        : !signIn.isSignedIn(request) || !signIn.hasWindowKey(request)
          ? '401 Unauthorized'
          : request.url !== socketPath
            ? '404 Not Found'
            : host.ready
              ? undefined
              : '503 Service Unavailable'
      if (status !== undefined) {
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        this.#adopt(socketServerChannel(opened), host)
      })
    })
  }

  receive(message: FromHost): void {
    if (message.kind === 'channel-bytes') this.#channels.get(message.channel)?.send(message.bytes)
    if (message.kind === 'channel-close') this.#channels.get(message.channel)?.close()
  }

  /** The host is gone: the windows connect again when there is a new one. */
  closeAll(): void {
    for (const channel of [...this.#channels.values()]) channel.close()
  }

  #adopt(channel: Channel, host: HostSupervisor): void {
    const id = this.#nextId++
    this.#channels.set(id, channel)
    host.send({ kind: 'channel-open', channel: id })
    channel.onMessage((bytes) => host.send({ kind: 'channel-bytes', channel: id, bytes }))
    channel.onClose(() => {
      this.#channels.delete(id)
      host.send({ kind: 'channel-close', channel: id })
    })
  }
}
