import type { Channel } from '../../host/channel.ts'
import { type ElectronPort, utilityPort } from '../environment/utility-port.ts'
import type { ToHost } from './messages.ts'
import type { HostParent } from './run-host-process.ts'

/** The shell, when this is a utility process of Electron's. */
export function utilityParent(): HostParent | undefined {
  const port = utilityPort<ToHost>()
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
