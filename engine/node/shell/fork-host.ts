import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { entryFile } from '../entry/locate.ts'
import type { HostProcess } from './host-supervisor.ts'
import type { FromHost } from './messages.ts'

/** The host as a child of this process; its log goes to our standard error. */
export function forkHost(): HostProcess {
  const child = fork(fileURLToPath(entryFile('host')), [], {
    serialization: 'advanced',
    stdio: ['ignore', 2, 2, 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // Ctrl+C reaches a whole group of processes: the host is stopped by its shell instead, in order.
    detached: process.platform !== 'win32',
  })
  return {
    send(message) {
      if (child.connected) child.send(message)
    },
    onMessage: (handler) => void child.on('message', (message: FromHost) => handler(message)),
    onExit: (handler) => {
      let told = false
      const tell = (exitCode: number | null) => {
        if (!told) handler(exitCode)
        told = true
      }
      child.on('exit', tell)
      child.on('error', () => {
        if (child.pid === undefined) tell(null)
      })
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
