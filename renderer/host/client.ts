/** The one connection to the host. The window is given a MessagePort by the desktop shell, and dials a WebSocket in a browser. */
import type { HostClient } from '../../engine/host/contract.ts'
import {
  createHostClient,
  type HostTransport,
  openSocketChannel,
  portChannel,
} from '../../engine/host/rpc.ts'
import { desktop } from './desktop.ts'

let client: HostClient | undefined

export function host(): HostClient {
  client ??= createHostClient(desktop() ? desktopTransport() : browserTransport())
  return client
}

const sleep = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs))

function browserTransport(): HostTransport {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return {
    connect: () => openSocketChannel(new WebSocket(`${scheme}://${location.host}/host`)),
    sleep,
  }
}

/** The main process posts a new port whenever the host was (re)started; asking for one is how a window says it is ready. */
function desktopTransport(): HostTransport {
  return {
    connect: () =>
      new Promise((resolve) => {
        const take = (event: MessageEvent) => {
          const port = event.ports[0]
          if (event.source !== window || event.data !== 'millrace-port' || !port) return
          window.removeEventListener('message', take)
          resolve(portChannel(port))
        }
        window.addEventListener('message', take)
        desktop()?.requestPort()
      }),
    sleep,
  }
}
