import type { CodePlace, WorkerExit, WorkerLimits } from '../../environment/index.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** What threads and processes have in common, seen from outside. */
export interface Hosted {
  send(message: ToWorker, transfer?: readonly ArrayBuffer[]): void
  kill(): Promise<void>
  /** Gives up, with undefined, once the signal is aborted. */
  whereStuck(signal: AbortSignal): Promise<CodePlace | undefined>
  /** Resident memory in bytes, where it is the worker's own. */
  residentBytes?(): number | undefined
}

export interface HostedEvents {
  onMessage(message: FromWorker): void
  onExit(exit: WorkerExit): void
}

export type StartHosted = (entry: URL, limits: WorkerLimits, events: HostedEvents) => Hosted

/** The exit of a worker whose body neither finished nor failed. */
export function leftByItself(exitCode: number | undefined): WorkerExit {
  const error = {
    name: 'WorkerExit',
    message: `the code ended its own worker (exit code ${exitCode ?? 'unknown'})`,
  }
  return { reason: 'crashed', exitCode, error }
}
