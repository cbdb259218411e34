import type { Channel } from './channel.ts'

/** What a MessagePort of the web and of Node's worker threads have in common. */
export interface PortLike {
  postMessage(message: unknown): void
  start(): void
  close(): void
  addEventListener(type: 'message' | 'close', listener: (event: object) => void): void
}

/** Closing tells the other side by an empty message too: not every port has an event for it. */
export function portChannel(port: PortLike): Channel {
  let open = true
  let closed: () => void = () => undefined
  const end = () => {
    if (!open) return
    open = false
    port.close()
    closed()
  }
  port.addEventListener('close', end)
  return {
    send(bytes) {
      if (open) port.postMessage(bytes)
    },
    onMessage(handler) {
      port.addEventListener('message', (event) => {
        if (!('data' in event) || !(event.data instanceof Uint8Array)) return
        if (event.data.byteLength === 0) end()
        else handler(event.data)
      })
      port.start()
    },
    onClose(handler) {
      closed = handler
    },
    close() {
      if (open) port.postMessage(new Uint8Array(0))
      end()
    },
  }
}
