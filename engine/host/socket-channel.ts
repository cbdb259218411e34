import { MillraceError } from '../base/errors.ts'
import type { Channel } from './channel.ts'

/** What the web's WebSocket and Node's have in common. */
export interface SocketLike {
  binaryType: string
  readonly readyState: number
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
}

const socketOpen = 1

/** Offered by a window, together with its key: the two subprotocols of the WebSocket. */
export const windowProtocol = 'millrace'

/** A channel over a WebSocket that is being opened. @throws MillraceError HOST_LOST when it can not be opened */
export function openSocketChannel(socket: SocketLike): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const channel = socketChannel(socket)
    socket.addEventListener('open', () => resolve(channel))
    socket.addEventListener('close', () =>
      reject(
        new MillraceError({
          code: 'HOST_LOST',
          what: 'the engine does not answer',
          remedy: 'start the studio again, and open the address that it prints',
        }),
      ),
    )
  })
}

function socketChannel(socket: SocketLike): Channel {
  let closed: () => void = () => undefined
  let deliver: ((bytes: Uint8Array) => void) | undefined
  let waiting: Uint8Array[] = []
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }) => {
    if (!(data instanceof ArrayBuffer)) return
    const bytes = new Uint8Array(data)
    if (deliver) deliver(bytes)
    else waiting.push(bytes)
  })
  socket.addEventListener('close', () => closed())
  return {
    send(bytes) {
      if (socket.readyState === socketOpen) socket.send(bytes.slice())
    },
    onMessage(handler) {
      deliver = handler
      const kept = waiting
      waiting = []
      for (const bytes of kept) handler(bytes)
    },
    onClose(handler) {
      closed = handler
    },
    close: () => socket.close(),
  }
}
