import type { Channel } from '../../host/channel.ts'
import { portChannel } from '../../host/port-channel.ts'
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

/** Electron's ports have events of Node's kind; all else is as with the web's. */
export function electronPortChannel(port: ElectronPort): Channel {
  return portChannel({
    postMessage: (message) => port.postMessage(message),
    start: () => port.start(),
    close: () => port.close(),
    addEventListener(type, listener) {
      if (type === 'message') port.on(type, listener)
      else port.on(type, () => listener({}))
    },
  })
}
