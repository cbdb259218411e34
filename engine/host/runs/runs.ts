import type { Environment, LogSink } from '../../environment/index.ts'
import type { PipelineDocument } from '../../pipeline/document.ts'
import { VerdictCheck } from '../../verify/verdict.ts'
import type { ClusterHandle } from '../cluster/cluster-handle.ts'
import type { Input, RunProblem, RunState, Sample } from '../contract.ts'
import { type Library, notTrusted } from '../files/library.ts'
import { join } from '../files/paths.ts'
import { readPipeline } from '../files/read-pipeline.ts'
import { nodeVersions } from '../node-version.ts'
import type { Connections } from '../records/connections.ts'
import { RunSession } from './run-session.ts'
import { Runners } from './runners.ts'

const threadsDefault = 2
const sampleWaitMs = 10_000
const warmAgainMs = 5000
const startMsMax = 2500

interface RunsContext {
  readonly environment: Environment
  readonly library: Library
  readonly cluster: ClusterHandle
  readonly connections: Connections
  readonly stateFolder: string
  readonly onState: (run: RunState) => void
  readonly onProblem: (problem: RunProblem) => void
}

/** The studio runs one pipeline at a time. */
export class Runs {
  readonly #context: RunsContext
  readonly #runners: Runners
  #session: RunSession | undefined
  /** Starts and stops happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #nextId = 1

  constructor(context: RunsContext) {
    this.#context = context
    this.#runners = new Runners(context.environment, { threads: threadsDefault })
  }

  get state(): RunState | undefined {
    return this.#session?.state
  }

  /** At once while no run is starting; otherwise when its first record moves, when it is over, or takes long. */
  async whenStarted(): Promise<void> {
    const session = this.#session
    const { clock } = this.#context.environment
    const endMs = clock.monotonicMs() + startMsMax
    if (session?.state.state !== 'starting') return
    for (let after = 0; !session.isOver; ) {
      const leftMs = endMs - clock.monotonicMs()
      const sample = leftMs > 0 ? await session.nextSample(after, leftMs) : undefined
      if (!sample || Object.values(sample.edges).some(({ total }) => total > 0)) return
      after = sample.sequence
    }
  }

  /** Has a process up for the first run. */
  warm(): void {
    this.#runners.warm()
  }

  start(input: Input<'run.start'>): Promise<RunState> {
    return this.#inTurn(() => this.#startNow(input))
  }

  stop(runId: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#session?.state.runId === runId) await this.#session.stop()
    })
  }

  async nextSample({ runId, after }: Input<'run.nextSample'>): Promise<Sample | undefined> {
    const session = this.#session
    return session?.state.runId === runId ? session.nextSample(after, sampleWaitMs) : undefined
  }

  stopAll(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#session?.stop()
      await this.#runners.stop()
    })
  }

  async #startNow({ path: given, fromStart }: Input<'run.start'>): Promise<RunState> {
    const { environment, library, cluster, connections, stateFolder } = this.#context
    const { path, document, files } = await readPipeline(environment.disk, given)
    if (!library.isTrusted(path)) throw notTrusted(path)
    await this.#session?.stop()
    const told = loggedRun(environment.log, document)
    const { bootstrap } = await cluster.start()
    const verdict = new VerdictCheck(environment, connections.consumer({ clientId: 'verdict' }))
    const session = new RunSession(
      environment,
      {
        runId: `run-${environment.clock.nowMs()}-${this.#nextId++}`,
        path,
        folder: path,
        document,
        bootstrap,
        fromStart,
        stateFolder: join(stateFolder, document.id),
        nodeVersions: nodeVersions(document, files),
      },
      verdict,
      {
        onState: (state) => {
          told(state)
          this.#context.onState(state)
        },
        onProblem: this.#context.onProblem,
      },
    )
    this.#session = session
    told(session.state)
    this.#context.onState(session.state)
    await session.start(this.#runners)
    // Not at once: starting another process would slow this one down.
    environment.timers.after(warmAgainMs, () => this.#runners.warm())
    return session.state
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

/** Writes down how a run begins and ends. */
function loggedRun(log: LogSink, { name, nodes }: PipelineDocument): (run: RunState) => void {
  return ({ state, failure }) => {
    if (state === 'starting') log.write('info', 'run', `${name}: started`)
    if (state === 'stopped') log.write('info', 'run', `${name}: stopped`)
    if (state !== 'failed') return
    const at = nodes.find((node) => node.id === failure?.node)?.name
    const { what, where } = failure?.error ?? { what: 'for no known reason', where: undefined }
    log.write('error', 'run', `${name}: failed${at ? ` at ${at}` : ''}: ${what}${where ? ` (${where})` : ''}`)
  }
}
