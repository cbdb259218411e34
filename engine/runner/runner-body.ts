import type { WorkerBody } from '../environment/index.ts'
import { forwardingLog } from './forward-log.ts'
import type { FromRun, RunStart, ToRun } from './messages.ts'
import { Run } from './run.ts'

export interface RunnerProcess {
  /** Resident memory of this process. */
  memoryBytes(): number
}

/** What the runner's process runs: one run, from `RunStart` until it has ended. */
export function runnerBody(host: RunnerProcess): WorkerBody {
  return async ({ environment, data, port }) => {
    const tell = (message: FromRun) => port.post(message)
    const run = new Run(forwardingLog(environment, tell), data as RunStart, host.memoryBytes, tell)
    port.onMessage((message) => {
      if ((message as ToRun).kind === 'stop') void run.stop()
    })
    await run.begin()
    await run.done
  }
}
