import { MillraceError } from '../../base/errors.ts'
import type { Environment, Worker, WorkerExit } from '../../environment/index.ts'
import type { FromRun, RunFailure, RunProblem, RunSample, RunStart, ToRun } from '../../runner/messages.ts'
import type { VerdictCheck } from '../../verify/verdict.ts'
import type { RunState, Sample } from '../contract.ts'
import type { Runners } from './runners.ts'

/** Between two samples of a run: four a second are enough for eyes. */
export const sampleMs = 250
/** The process has its own limits and leaves in order; past this it is ended. */
const stopMsMax = 8000

export interface SessionEvents {
  onState(state: RunState): void
  onProblem(problem: RunProblem): void
  onSample?(sample: Sample): void
}

export interface SessionOptions extends Omit<RunStart, 'sampleMs'> {
  readonly runId: string
  readonly path: string
  readonly nodeVersions: Readonly<Record<string, string>>
}

/** One run, seen from the host: its process, its state, its newest sample. */
export class RunSession {
  readonly #environment: Environment
  readonly #options: SessionOptions
  readonly #events: SessionEvents
  readonly #verdict: VerdictCheck
  #state: RunState
  #worker: Worker | undefined
  #sample: Sample | undefined
  #waiting: (() => void)[] = []
  #stopped = false
  #ended: Promise<void> | undefined

  constructor(
    environment: Environment,
    options: SessionOptions,
    verdict: VerdictCheck,
    events: SessionEvents,
  ) {
    this.#environment = environment
    this.#options = options
    this.#verdict = verdict
    this.#events = events
    this.#state = {
      runId: options.runId,
      path: options.path,
      state: 'starting',
      startedMs: environment.clock.nowMs(),
      nodeVersions: { ...options.nodeVersions },
    }
  }

  get state(): RunState {
    return this.#state
  }

  get isOver(): boolean {
    return this.#state.state === 'stopped' || this.#state.state === 'failed'
  }

  /** Settles when the run is over and its process gone. */
  get ended(): Promise<void> {
    return this.#ended ?? Promise.resolve()
  }

  /** @throws MillraceError WORKER_FAILED; the run has failed then */
  async start(runners: Runners): Promise<void> {
    const { document, folder, bootstrap, fromStart, stateFolder } = this.#options
    const start: RunStart = { document, folder, bootstrap, fromStart, stateFolder, sampleMs }
    const worker = await this.#taken(runners)
    this.#worker = worker
    worker.onMessage((message) => this.#receive(message as FromRun))
    this.#ended = worker.exited.then(async (exit) => {
      this.#exited(exit)
      await this.#verdict.stop()
    })
    worker.post({ kind: 'start', start } satisfies ToRun)
    if (this.#stopped) await this.stop()
  }

  async #taken(runners: Runners): Promise<Worker> {
    try {
      return await runners.take()
    } catch (thrown) {
      this.#change({ state: 'failed', failure: copied({ error: MillraceError.from(thrown) }) })
      await this.#verdict.stop()
      throw thrown
    }
  }

  /** A sample newer than `after`, waited for up to `waitMs`. */
  async nextSample(after: number, waitMs: number): Promise<Sample | undefined> {
    if (!this.#isNewer(after) && !this.isOver) {
      await new Promise<void>((resolve) => {
        const timer = this.#environment.timers.after(waitMs, resolve)
        this.#waiting.push(() => {
          timer.cancel()
          resolve()
        })
      })
    }
    return this.#isNewer(after) ? this.#sample : undefined
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const worker = this.#worker
    if (!worker) return
    worker.post({ kind: 'stop' } satisfies ToRun)
    const left = await Promise.race([
      worker.exited.then(() => true),
      this.#environment.timers.sleep(stopMsMax).then(() => false),
    ])
    if (!left) await worker.terminate()
    await this.#ended
  }

  #receive(message: FromRun): void {
    switch (message.kind) {
      case 'state':
        // What failed stays failed, whatever its process says while it leaves.
        if (this.#state.state !== 'failed') this.#change({ state: message.state })
        return
      case 'failed':
        this.#change({ state: 'failed', failure: copied(message.failure) })
        this.#events.onProblem(copied(message.failure))
        return
      case 'problem':
        this.#events.onProblem(copied(message.problem))
        return
      case 'log':
        this.#environment.log.write(message.level, message.source, message.text)
        return
      case 'sample':
        this.#take(message.sample)
    }
  }

  #take({ acknowledged, nodes, edges, ...figures }: RunSample): void {
    this.#verdict.acknowledge(acknowledged)
    this.#sample = {
      ...figures,
      nodes: { ...nodes },
      edges: { ...edges },
      state: this.#state.state === 'failed' ? 'failed' : figures.state,
      sequence: (this.#sample?.sequence ?? 0) + 1,
      runId: this.#options.runId,
      verdict: this.#verdict.counts(),
    }
    this.#events.onSample?.(this.#sample)
    this.#wake()
  }

  #exited(exit: WorkerExit): void {
    const orderly = exit.reason === 'finished' || (exit.reason === 'terminated' && this.#stopped)
    if (this.#state.state === 'failed') this.#wake()
    else if (orderly) this.#change({ state: 'stopped' })
    else {
      const failure = processFailure(exit)
      this.#change({ state: 'failed', failure })
      this.#events.onProblem(failure)
    }
  }

  #change(change: Partial<RunState>): void {
    const before = this.#state
    this.#state = { ...before, ...change }
    if (before.state !== this.#state.state) this.#events.onState(this.#state)
    if (this.isOver) this.#wake()
  }

  #isNewer(after: number): boolean {
    return this.#sample !== undefined && this.#sample.sequence > after
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

function copied({ error, node, file, count, lastWhere }: RunProblem): RunProblem {
  const { code, what, where, remedy } = error
  return { error: { code, what, where, remedy }, node, file, count, lastWhere }
}

function processFailure(exit: WorkerExit): RunFailure {
  const reasons: Partial<Record<WorkerExit['reason'], string>> = {
    'memory-exceeded': 'the run has used up its memory',
    'heap-exhausted': 'the run has used up its memory',
    unresponsive: 'the run does not answer any more',
  }
  return {
    error: {
      code: 'RUN_CRASHED',
      what: reasons[exit.reason] ?? `the run's process ended (${exit.error?.message ?? exit.reason})`,
      where: 'runner',
      remedy: 'run it again; if it happens again, look at the processors’ code',
    },
  }
}
