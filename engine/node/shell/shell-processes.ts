import { fileURLToPath } from 'node:url'
import { type HostedEvents, leftByItself, type StartHosted } from '../environment/hosted-worker.ts'
import { residentBytes } from '../environment/worker-process.ts'
import type { FromHost, ToHost } from './messages.ts'

interface Asked {
  readonly events: HostedEvents
  pid: number | undefined
}

/** Processes that the shell starts for its host: in Electron only main can start one. */
export interface ShellProcesses {
  readonly start: StartHosted
  /** True when the message was about a process. */
  receive(message: ToHost): boolean
}

export function createShellProcesses(send: (message: FromHost) => void): ShellProcesses {
  const asked = new Map<number, Asked>()
  let nextId = 1
  return {
    start(entry, limits, events) {
      const id = nextId++
      const process: Asked = { events, pid: undefined }
      asked.set(id, process)
      send({ kind: 'process-start', id, entry: fileURLToPath(entry), heapBytesMax: limits.heapBytesMax })
      return {
        send: (message) => send({ kind: 'process-message', id, message }),
        kill: async () => send({ kind: 'process-kill', id }),
        // The inspector of a utility process is closed by a fuse; threads inside it still can be paused from within.
        whereStuck: async () => undefined,
        residentBytes: () => residentBytes(process.pid),
      }
    },
    receive(message) {
      switch (message.kind) {
        case 'process-started': {
          const process = asked.get(message.id)
          if (process) process.pid = message.pid
          return true
        }
        case 'process-said':
          asked.get(message.id)?.events.onMessage(message.message)
          return true
        case 'process-ended':
          asked.get(message.id)?.events.onExit(leftByItself(message.exitCode))
          asked.delete(message.id)
          return true
        default:
          return false
      }
    },
  }
}
