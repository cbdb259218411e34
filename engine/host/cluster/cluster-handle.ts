import { MillraceError } from '../../base/errors.ts'
import type { Environment, Worker } from '../../environment/index.ts'
import type { ClusterState, Input, Output } from '../contract.ts'
import { WorkerCalls } from '../worker-calls.ts'
import type { ClusterCalls, ClusterStart, ClusterTold } from './messages.ts'

/** The embedded cluster in its thread, seen from the host. */
export class ClusterHandle {
  readonly #environment: Environment
  readonly #start: ClusterStart
  readonly #onChanged: (cluster: ClusterState) => void
  readonly #onCrashed: (error: MillraceError) => void
  #up: Promise<RunningCluster> | undefined
  #bootstrap: readonly string[] | undefined

  /** `onCrashed`: it was up, and has ended unasked. */
  constructor(
    environment: Environment,
    start: ClusterStart,
    onChanged: (cluster: ClusterState) => void,
    onCrashed: (error: MillraceError) => void = () => undefined,
  ) {
    this.#environment = environment
    this.#start = start
    this.#onChanged = onChanged
    this.#onCrashed = onCrashed
  }

  /** Addresses while it is up; the same array as long as they are the same. */
  get bootstrap(): readonly string[] | undefined {
    return this.#bootstrap
  }

  /** Starts it unless it is up. @throws MillraceError DATA_IN_USE, NO_PERMISSION, … */
  async start(): Promise<ClusterState> {
    this.#up ??= this.#launch()
    const up = this.#up
    try {
      return await (await up).calls.call('state', null)
    } catch (thrown) {
      if (this.#up === up) this.#up = undefined
      throw thrown
    }
  }

  /** Undefined while it is down. */
  async state(): Promise<ClusterState | undefined> {
    const running = await this.#running()
    return running?.calls.call('state', null)
  }

  /** None while it is down. */
  async metrics(wanted: Input<'cluster.metrics'>): Promise<Output<'cluster.metrics'>> {
    const running = await this.#running()
    return running ? running.calls.call('metrics', wanted) : { brokers: [] }
  }

  kill(broker: number): Promise<null> {
    return this.#command('kill', broker)
  }

  stopBroker(broker: number): Promise<null> {
    return this.#command('stop', broker)
  }

  startBroker(broker: number): Promise<null> {
    return this.#command('start', broker)
  }

  async stop(): Promise<void> {
    const running = await this.#running()
    this.#up = undefined
    this.#bootstrap = undefined
    if (!running) return
    await running.calls.call('close', null)
    await running.worker.exited
  }

  async #running(): Promise<RunningCluster | undefined> {
    // One that could not start says so to whoever starts it.
    return this.#up?.catch(() => undefined)
  }

  async #command(name: 'kill' | 'stop' | 'start', broker: number): Promise<null> {
    const running = await this.#running()
    if (running) return running.calls.call(name, broker)
    throw new MillraceError({
      code: 'CLUSTER_DOWN',
      what: 'the cluster is not running',
      remedy: 'start it in the cluster panel',
    })
  }

  async #launch(): Promise<RunningCluster> {
    const worker = await this.#environment.workers.start('cluster', 'thread', this.#start)
    let settle: { resolve: () => void; reject: (error: MillraceError) => void } | undefined
    const ready = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject }
    })
    const calls = new WorkerCalls<ClusterCalls, ClusterTold>(worker, 'cluster', (told) => {
      if (told.kind === 'log') return this.#environment.log.write(told.level, told.source, told.text)
      if (told.kind === 'failed') return settle?.reject(new MillraceError(told.error))
      if (told.kind === 'ready') {
        this.#bootstrap = told.cluster.bootstrap
        settle?.resolve()
      }
      this.#onChanged(told.cluster)
    })
    void worker.exited.then((exit) => {
      this.#bootstrap = undefined
      this.#up = undefined
      const what = `the cluster ended (${exit.error?.message ?? exit.reason})`
      const error = new MillraceError({ code: 'CLUSTER_ENDED', what, remedy: 'start it again' })
      settle?.reject(error)
      if (exit.reason === 'finished') return
      this.#environment.log.write('error', 'cluster', what, { stack: exit.error?.stack })
      this.#onCrashed(error)
    })
    await ready
    return { worker, calls }
  }
}

interface RunningCluster {
  readonly worker: Worker
  readonly calls: WorkerCalls<ClusterCalls, ClusterTold>
}
