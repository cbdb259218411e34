import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import type { WorkerExit } from '../../environment/index.ts'
import type { FromWorker } from '../environment/worker-messages.ts'
import type { FromHost } from './messages.ts'
import { createShellProcesses } from './shell-processes.ts'

function started() {
  const sent: FromHost[] = []
  const messages: FromWorker[] = []
  const exits: WorkerExit[] = []
  const processes = createShellProcesses((message) => sent.push(message))
  const events = {
    onMessage: (message: FromWorker) => messages.push(message),
    onExit: (exit: WorkerExit) => exits.push(exit),
  }
  const hosted = processes.start(pathToFileURL('/runner.mjs'), { heapBytesMax: 1 }, events)
  return { processes, hosted, sent, messages, exits }
}

it('a process is asked of the shell, spoken to, and ended there', async () => {
  const { hosted, sent } = started()
  hosted.send({ kind: 'message', value: 1 })
  await hosted.kill()
  expect(sent).toEqual([
    { kind: 'process-start', id: 1, entry: '/runner.mjs', heapBytesMax: 1 },
    { kind: 'process-message', id: 1, message: { kind: 'message', value: 1 } },
    { kind: 'process-kill', id: 1 },
  ])
})

it('what the process says and how it ends reaches the one who started it, once', () => {
  const { processes, messages, exits } = started()
  expect(processes.receive({ kind: 'process-said', id: 1, message: { kind: 'up' } })).toBe(true)
  processes.receive({ kind: 'process-ended', id: 1, exitCode: 3 })
  processes.receive({ kind: 'process-said', id: 1, message: { kind: 'alive' } })
  expect(messages).toEqual([{ kind: 'up' }])
  expect(exits.map((exit) => exit.exitCode)).toEqual([3])
})

it('its memory can be read once the shell has told its number', () => {
  const { processes, hosted } = started()
  expect(hosted.residentBytes?.()).toBeUndefined()
  processes.receive({ kind: 'process-started', id: 1, pid: process.pid })
  if (process.platform === 'linux') expect(hosted.residentBytes?.()).toBeGreaterThan(1_000_000)
})

it('leaves other messages to the host', () => {
  expect(started().processes.receive({ kind: 'stop' })).toBe(false)
})
