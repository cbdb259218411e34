import type { WorkerBody } from '../environment/index.ts'
import { forwardingLog } from './forward-log.ts'
import type { FromRun, RunnerSetup, ToRun } from './messages.ts'
import { Run } from './run.ts'
import { RunThread } from './run-thread.ts'

export interface RunnerProcess {
  /** Resident memory of this process. */
  memoryBytes(): number
}

/**
 * What a runner's process runs: one run, from `start` until it has ended. Its threads are up before, so that Run does not wait
 * for them.
 */
export function runnerBody(host: RunnerProcess): WorkerBody {
  return async ({ environment: given, data, port }) => {
    const tell = (message: FromRun) => port.post(message)
    const environment = forwardingLog(given, tell)
    const setup = data as RunnerSetup
    const prepared = Array.from({ length: setup.threads + 1 }, () =>
      RunThread.prepare(environment, setup.limits),
    )
    // What does not come up is reported when there is a run to report it for.
    for (const part of [...prepared, environment.code.warmUp()]) part.catch(() => undefined)
    // One handler for both: a stop may come on the heels of the start.
    let stop: () => void = () => undefined
    const run = await new Promise<Run | undefined>((resolve) => {
      stop = () => resolve(undefined)
      port.onMessage((message) => {
        const told = message as ToRun
        if (told.kind === 'stop') return stop()
        const started = new Run(environment, told.start, setup, prepared, host.memoryBytes, tell)
        stop = () => void started.stop()
        resolve(started)
      })
    })
    if (!run) return
    await run.begin()
    await run.done
  }
}
