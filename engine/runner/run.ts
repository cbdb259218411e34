import type { Admin } from '../client/api.ts'
import { createAdmin } from '../client/index.ts'
import type { CodePlace, Environment, WorkerExit } from '../environment/index.ts'
import { exitFailure, generalFailure } from './failures.ts'
import { removeDeadMembers } from './members.ts'
import type {
  FromRun,
  FromThread,
  RunFailure,
  RunnerSetup,
  RunStart,
  RunStateName,
  ThreadStart,
} from './messages.ts'
import { guardedNodes } from './plan-nodes.ts'
import { NotRunnable, type Prepared, prepare } from './prepare.ts'
import { Replacements } from './replacements.ts'
import { RunThread } from './run-thread.ts'
import { Sampler } from './sampler.ts'
import { ensureTopics, resetRun, resetSinks } from './topics.ts'
import { Watch } from './watch.ts'

/**
 * The first stream thread is that much ahead of the others, if it does not run sooner: all at once they hold each other up
 * while nothing moves yet, and longer would have it restore what others are to have.
 */
const aheadMsMax = 400
/** How long threads have to commit and leave before they are ended. */
const stopMsMax = 5000

/** After the first one. */
const placeTriesMax = 3

/** One run, in its process: prepares, starts the threads, watches them, and tells how they do. */
export class Run {
  readonly #environment: Environment
  readonly #start: RunStart
  readonly #setup: RunnerSetup
  /** Up, and waiting for work. */
  readonly #prepared: readonly Promise<RunThread>[]
  readonly #memoryBytes: () => number
  readonly #tell: (message: FromRun) => void
  #state: RunStateName = 'starting'
  #threads: RunThread[] = []
  #sampler: Sampler | undefined
  #watch: Watch | undefined
  #ended: Promise<void> | undefined
  #finish: () => void = () => undefined
  #begin: (thread: RunThread, index: number) => void = () => undefined
  /** Stream threads but the first. */
  #beginOthers: () => void = () => undefined
  readonly #replacements = new Replacements()
  /** Settles when the run has ended and all of it is gone. */
  readonly done: Promise<void>

  constructor(
    environment: Environment,
    start: RunStart,
    setup: RunnerSetup,
    prepared: readonly Promise<RunThread>[],
    memoryBytes: () => number,
    tell: (message: FromRun) => void,
  ) {
    this.#environment = environment
    this.#start = start
    this.#setup = setup
    this.#prepared = prepared
    this.#memoryBytes = memoryBytes
    this.#tell = tell
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  async begin(): Promise<void> {
    this.#setState('starting')
    try {
      const prepared = await prepare(this.#environment, this.#start.document, this.#start.folder)
      await this.#makeTopics(prepared)
      if (this.#ended) return
      await this.#startThreads(prepared)
    } catch (thrown) {
      this.#fail(thrown instanceof NotRunnable ? thrown.failure : generalFailure(thrown))
    }
  }

  stop(): Promise<void> {
    return this.#end('stopped')
  }

  async #makeTopics({ plan }: Prepared): Promise<void> {
    const { document, folder, fromStart, stateFolder, bootstrap } = this.#start
    const admin: Admin = createAdmin(this.#environment, { bootstrap, clientId: `${document.id}-runner` })
    try {
      const alone = removeDeadMembers(this.#environment, admin, document.id)
      if (fromStart) {
        await alone
        await resetRun(this.#environment, admin, plan, document.id, stateFolder)
        await resetSinks(this.#environment, plan, folder)
      }
      await Promise.all([ensureTopics(admin, plan.topics), alone])
    } finally {
      await admin.close()
    }
  }

  async #startThreads({ plan, modules }: Prepared): Promise<void> {
    const { document, bootstrap, folder, stateFolder, sampleMs } = this.#start
    const nodes = guardedNodes(plan)
    const common = {
      folder,
      applicationId: document.id,
      bootstrap,
      processingGuarantee: document.processingGuarantee,
      plan,
      modules,
      skipping: document.nodes.filter((node) => node.onError === 'skip').map((node) => node.id),
      stateFolder,
      sampleMs,
    }
    const threads = await Promise.all(this.#prepared)
    if (this.#ended) return
    this.#sampler = new Sampler(this.#environment, plan, document, sampleMs, {
      state: () => this.#state,
      memoryBytes: this.#memoryBytes,
      onSample: (sample) => this.#tell({ kind: 'sample', sample }),
      onIdle: (idle) => this.#setIdle(idle),
    })
    this.#watch = new Watch(this.#environment, this.#setup.limits, this.#memoryBytes, () => this.#threads, {
      onStuck: (thread) => void this.#condemn(thread, { reason: 'unresponsive' }),
      onMemoryExceeded: (thread) => void this.#condemn(thread, { reason: 'memory-exceeded' }),
    })
    this.#threads = threads
    this.#begin = (thread, index) => {
      const role: ThreadStart['role'] = index < this.#setup.threads ? 'streams' : 'feeds'
      thread.begin({ ...common, role, index }, nodes, {
        onMessage: (from, message) => this.#receive(from, message),
        onExit: (from, exit, place) => this.#exited(from, index, exit, place),
      })
    }
    const waiting = new Map<number, RunThread>()
    for (const [index, thread] of threads.entries()) {
      if (index === 0 || index >= this.#setup.threads) this.#begin(thread, index)
      else waiting.set(index, thread)
    }
    this.#beginOthers = () => {
      for (const [index, thread] of waiting) {
        waiting.delete(index)
        if (!this.#ended) this.#begin(thread, index)
      }
    }
    this.#environment.timers.after(aheadMsMax, () => this.#beginOthers())
  }

  #receive(thread: RunThread, message: FromThread): void {
    switch (message.kind) {
      case 'state':
        if (message.state === 'running') this.#beginOthers()
        if (message.state === 'running' && this.#state === 'starting') this.#setState('running')
        return
      case 'failed':
        this.#fail(message.failure)
        return
      case 'log':
        this.#tell(message)
        return
      case 'problem':
        this.#sampler?.noteProblem(message.problem)
        this.#tell(message)
        return
      default:
        this.#sampler?.receive(thread, message)
    }
  }

  #exited(thread: RunThread, index: number, exit: WorkerExit, place: CodePlace | undefined): void {
    this.#threads = this.#threads.filter((other) => other !== thread)
    const nowMs = this.#environment.clock.monotonicMs()
    if (exit.reason === 'unresponsive' && this.#replacements.take(nowMs)) {
      this.#sampler?.replaced(thread)
      void this.#replace(index)
      return
    }
    const failure = exitFailure(exit, thread.reading(), place, this.#setup.limits, thread.isEatingMemory)
    if (failure) this.#fail(failure)
  }

  /** Nobody's code was at fault: the machine was too busy to let the thread say that it is alive. */
  async #replace(index: number): Promise<void> {
    this.#environment.log.write('warn', 'runner', `thread ${index} gave no sign of life and is started again`)
    try {
      const thread = await RunThread.prepare(this.#environment, this.#setup.limits)
      if (this.#ended) return await thread.terminate()
      this.#threads.push(thread)
      this.#begin(thread, index)
    } catch (thrown) {
      this.#fail(generalFailure(thrown))
    }
  }

  /** Ends the run for what a thread does, and that thread first: it would not leave by itself. */
  async #condemn(thread: RunThread | undefined, exit: WorkerExit): Promise<void> {
    const reading = thread?.reading() ?? { current: undefined, last: undefined, calls: 0 }
    await thread?.notePlace(false)
    // A busy machine answers late. A loop can wait for it; memory that grows can not.
    for (let again = 0; again < placeTriesMax && exit.reason === 'unresponsive'; again++) {
      if (thread?.place !== undefined) break
      await thread?.notePlace(false)
    }
    const failure = exitFailure(exit, reading, thread?.place, this.#setup.limits, thread?.isEatingMemory)
    void thread?.terminate()
    this.#fail(failure ?? generalFailure(new Error('the run has used up its memory')))
  }

  #fail(failure: RunFailure): void {
    if (this.#ended) return
    this.#sampler?.noteProblem(failure)
    this.#tell({ kind: 'failed', failure })
    void this.#end('failed')
  }

  #setIdle(idle: boolean): void {
    if (idle && this.#state === 'running') this.#setState('idle')
    if (!idle && this.#state === 'idle') this.#setState('running')
  }

  #end(final: 'stopped' | 'failed'): Promise<void> {
    this.#ended ??= this.#endOnce(final)
    return this.#ended
  }

  async #endOnce(final: 'stopped' | 'failed'): Promise<void> {
    this.#watch?.stop()
    if (final === 'stopped') this.#setState('stopping')
    const all = [...this.#threads]
    for (const thread of all) thread.post({ kind: 'stop' })
    const left = Promise.all(all.map((thread) => thread.exited))
    await Promise.race([left, this.#environment.timers.sleep(stopMsMax)])
    await Promise.all(all.map((thread) => thread.terminate()))
    this.#setState(final)
    this.#sampler?.stop()
    this.#finish()
  }

  #setState(state: RunStateName): void {
    if (this.#state === state && state !== 'starting') return
    this.#state = state
    this.#tell({ kind: 'state', state })
  }
}
