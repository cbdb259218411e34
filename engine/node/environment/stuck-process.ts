import type { ChildProcess } from 'node:child_process'
import type { CodePlace } from '../../environment/index.ts'
import { PauseReader } from './paused-frames.ts'

/**
 * Wakes the inspector of a process by signal, which works while its main thread is stuck, pauses it and reads where it
 * stands. Undefined when it does not come back to JavaScript before `signal`.
 */
export async function pauseProcess(
  child: ChildProcess,
  inspectorAddress: Promise<string>,
  signal: AbortSignal,
): Promise<CodePlace | undefined> {
  if (process.platform === 'win32' || child.pid === undefined || child.exitCode !== null) return undefined
  const givenUp = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
    child.once('close', () => resolve(undefined))
  })
  child.kill('SIGUSR1')
  const address = await Promise.race([inspectorAddress, givenUp])
  if (address === undefined) return undefined
  const socket = new WebSocket(address)
  const paused = new Promise<CodePlace | undefined>((resolve) => {
    const ask = (id: number, method: string) => socket.send(JSON.stringify({ id, method }))
    const reader = new PauseReader(resolve)
    socket.onerror = () => resolve(undefined)
    socket.onmessage = (event) => reader.read(String(event.data))
    socket.onopen = () => {
      ask(1, 'Debugger.enable')
      ask(2, 'Debugger.pause')
    }
  })
  try {
    return await Promise.race([paused, givenUp])
  } finally {
    socket.close()
  }
}
