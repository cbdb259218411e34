/** The one connection to the host. The window is given a MessagePort by the desktop shell, and dials a WebSocket in a browser. */
import type { HostClient } from '../../engine/host/contract.ts'
import {
  createHostClient,
  type HostTransport,
  openSocketChannel,
  portChannel,
  windowProtocol,
} from '../../engine/host/rpc.ts'
import { desktop } from './desktop.ts'
import { windowKey } from './window-key.ts'

let client: HostClient | undefined

export function host(): HostClient {
  client ??= createHostClient(desktop() ? desktopTransport() : browserTransport())
  return client
}

let tellSignedOut: () => void = () => undefined

/** Hears when this browser is not, or not any more, signed in: dialling again does not help then. */
export function onSignedOut(handler: () => void): void {
  tellSignedOut = handler
}

const sleep = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs))

function browserTransport(): HostTransport {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return {
    async connect() {
      const key = windowKey()
      const protocols = key === undefined ? [windowProtocol] : [windowProtocol, key]
      try {
        return await openSocketChannel(new WebSocket(`${scheme}://${location.host}/host`, protocols))
      } catch (thrown) {
        // Why a socket was refused is not told to scripts.
        if (key === undefined || (await isStrange())) tellSignedOut()
        throw thrown
      }
    },
    sleep,
  }
}

/** A studio answers here, and does not know this browser: it was started again. */
async function isStrange(): Promise<boolean> {
  try {
    return (await fetch('/', { method: 'HEAD' })).status === 401
  } catch {
    return false // nobody answers
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
