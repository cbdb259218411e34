/** Processes that the host asks for, such as the runner of a run: started here, since only main can, and spoken for. */
import type { FromHost, ToHost } from '../engine/node/shell/messages.ts'
import type { ElectronApi } from './electron-api.ts'

type Child = ReturnType<ElectronApi['utilityProcess']['fork']>

export class WorkerProcesses {
  readonly #electron: ElectronApi
  readonly #tellHost: (message: ToHost) => void
  readonly #children = new Map<number, Child>()

  constructor(electron: ElectronApi, tellHost: (message: ToHost) => void) {
    this.#electron = electron
    this.#tellHost = tellHost
  }

  receive(message: FromHost): void {
    switch (message.kind) {
      case 'process-start':
        this.#start(message.id, message.entry, message.heapBytesMax)
        return
      case 'process-message':
        this.#children.get(message.id)?.postMessage(message.message)
        return
      case 'process-kill':
        this.#children.get(message.id)?.kill()
        return
      default:
    }
  }

  /** When the host is gone: nobody is left to speak to them. */
  killAll(): void {
    for (const child of this.#children.values()) child.kill()
    this.#children.clear()
  }

  #start(id: number, entry: string, heapBytesMax: number | undefined): void {
    const heap =
      heapBytesMax === undefined
        ? []
        : [`--max-old-space-size=${Math.max(8, Math.ceil(heapBytesMax / 2 ** 20))}`]
    const child = this.#electron.utilityProcess.fork(entry, [], {
      serviceName: 'Millrace runner',
      stdio: 'inherit',
      execArgv: heap,
    })
    this.#children.set(id, child)
    child.on('spawn', () => this.#tellHost({ kind: 'process-started', id, pid: child.pid }))
    child.on('message', (message) => this.#tellHost({ kind: 'process-said', id, message }))
    child.on('exit', (exitCode) => {
      this.#children.delete(id)
      this.#tellHost({ kind: 'process-ended', id, exitCode })
    })
  }
}
