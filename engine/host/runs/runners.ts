import type { Environment, Worker } from '../../environment/index.ts'
import { defaultLimits, type RunLimits, type RunnerSetup } from '../../runner/messages.ts'

/** The runner's main thread only watches: one that does not answer any more is beyond help. */
const silentMsMax = 5000
/** A little more than the run's own watch, which knows the node at fault. */
const residentReserve = 1.3

export interface RunnersOptions {
  /** Stream threads of each run. */
  readonly threads: number
  readonly limits?: Partial<RunLimits>
}

/** Processes for runs. One can be up before it is asked for, so that Run does not wait for it. */
export class Runners {
  readonly #environment: Environment
  readonly #setup: RunnerSetup
  #spare: Promise<Worker> | undefined
  #stopped = false

  constructor(environment: Environment, { threads, limits }: RunnersOptions) {
    this.#environment = environment
    this.#setup = { threads, limits: { ...defaultLimits, ...limits } }
  }

  /** Has one up for the next run. */
  warm(): void {
    if (this.#spare || this.#stopped) return
    const spare = this.#start()
    this.#spare = spare
    const forget = () => {
      if (this.#spare === spare) this.#spare = undefined
    }
    // One that does not come up, or ends while it waits, is not the one that a run should take.
    spare.then((worker) => worker.exited.then(forget), forget)
  }

  take(): Promise<Worker> {
    const spare = this.#spare ?? this.#start()
    this.#spare = undefined
    return spare
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const spare = this.#spare
    this.#spare = undefined
    const worker = await spare?.catch(() => undefined)
    await worker?.terminate()
  }

  #start(): Promise<Worker> {
    return this.#environment.workers.start('runner', 'process', this.#setup, {
      residentBytesMax: this.#setup.limits.residentBytesMax * residentReserve,
      heartbeatMs: silentMsMax,
    })
  }
}
