import type { WebSocket } from 'ws'
import type { Channel } from '../../host/channel.ts'

/** The host's end of a WebSocket that a browser opened. */
export function socketServerChannel(socket: WebSocket): Channel {
  let closed: () => void = () => undefined
  // Its end follows as `close`; without a listener the error would end the process.
  socket.on('error', () => undefined)
  socket.on('close', () => closed())
  return {
    send(bytes) {
      if (socket.readyState === socket.OPEN) socket.send(bytes)
    },
    onMessage(handler) {
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) handler(data)
      })
    },
    onClose(handler) {
      closed = handler
    },
    close: () => socket.close(),
  }
}
