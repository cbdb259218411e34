import type { Channel } from '../../host/channel.ts'
import type { ToHost } from './messages.ts'
import type { HostParent } from './run-host-process.ts'

/** Electron's ports of the main and utility processes: events of Node's kind, messages in `data`. */
export interface ElectronPort {
  postMessage(message: unknown): void
  start(): void
  close(): void
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void
  on(event: 'close', listener: () => void): void
}

interface UtilityPort {
  postMessage(message: unknown): void
  on(
    event: 'message',
    listener: (event: { readonly data: ToHost; readonly ports: readonly ElectronPort[] }) => void,
  ): void
}

/** The shell, when this is a utility process of Electron's. */
export function utilityParent(): HostParent | undefined {
  const port = utilityPort()
  if (!port) return undefined
  return {
    send: (message) => port.postMessage(message),
    onMessage(handler) {
      port.on('message', ({ data, ports }) => handler(data, ports[0] && electronPortChannel(ports[0])))
    },
    // A utility process ends with its parent.
    onGone: () => undefined,
  }
}

function utilityPort(): UtilityPort | undefined {
  return 'parentPort' in process ? (process.parentPort as UtilityPort | undefined) : undefined
}

export function electronPortChannel(port: ElectronPort): Channel {
  let open = true
  let closed: () => void = () => undefined
  const end = () => {
    if (!open) return
    open = false
    port.close()
    closed()
  }
  port.on('close', end)
  return {
    send(bytes) {
      if (open) port.postMessage(bytes)
    },
    onMessage(handler) {
      port.on('message', ({ data }) => {
        if (!(data instanceof Uint8Array)) return
        if (data.byteLength === 0) end()
        else handler(data)
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
