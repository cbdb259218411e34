import { Worker as Thread } from 'node:worker_threads'
import type { WorkerExit } from '../../environment/index.ts'
import { leftByItself, type StartHosted } from './hosted-worker.ts'
import { pauseThread } from './stuck-thread.ts'
import { systemCodeOf } from './system-errors.ts'
import { failureFacts } from './worker-messages.ts'
import { workerVariables } from './worker-variables.ts'

export const startThread: StartHosted = (entry, limits, events) => {
  const heapMiB =
    limits.heapBytesMax === undefined ? undefined : Math.max(8, Math.ceil(limits.heapBytesMax / 2 ** 20))
  const thread = new Thread(entry, {
    env: workerVariables(),
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: heapMiB === undefined ? {} : { maxOldGenerationSizeMb: heapMiB },
  })
  const threadId = thread.threadId
  let failure: WorkerExit | undefined

  thread.on('message', events.onMessage)
  thread.on('messageerror', (error) => {
    failure = { reason: 'crashed', error: failureFacts(error) }
  })
  thread.on('error', (error) => {
    const isHeap = systemCodeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY'
    failure = { reason: isHeap ? 'heap-exhausted' : 'crashed', error: failureFacts(error) }
  })
  thread.on('exit', (exitCode) => {
    events.onExit(failure ? { ...failure, exitCode } : leftByItself(exitCode))
  })
  return {
    send: (message, transfer) => thread.postMessage(message, transfer ? [...transfer] : undefined),
    kill: async () => void (await thread.terminate()),
    whereStuck: (signal) => pauseThread(threadId, signal),
  }
}
