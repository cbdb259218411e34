/** The host as a utility process: only main can start one, and only main can give it a port. */
import type { HostProcess } from '../engine/node/shell/host-supervisor.ts'
import type { FromHost } from '../engine/node/shell/messages.ts'
import type { ElectronApi, MessagePortMain } from './electron-api.ts'

export interface DesktopHostProcess extends HostProcess {
  /** A new channel of the host contract over this port. */
  givePort(port: MessagePortMain): void
}

export function spawnHost({ utilityProcess }: ElectronApi, entry: string): DesktopHostProcess {
  const child = utilityProcess.fork(entry, [], { serviceName: 'Millrace host', stdio: 'inherit' })
  return {
    send: (message) => child.postMessage(message),
    givePort: (port) => child.postMessage({ kind: 'port' }, [port]),
    onMessage: (handler) => void child.on('message', (message: FromHost) => handler(message)),
    onExit: (handler) => void child.on('exit', (exitCode) => handler(exitCode)),
    kill: () => void child.kill(),
  }
}
