/**
 * A topology running in this thread: one consumer in the application's group, producers, and the tasks that the group gave it.
 * One loop does everything, one thing after the other: process what is buffered, commit when it is time, poll for more. At least
 * once: a commit first lets sinks deliver, writes changed rows to the changelogs, waits until all is acknowledged, and only then
 * commits offsets. Exactly once: outputs, changelogs and offsets are one transaction (KIP-447). When a write cannot be completed,
 * tasks go back to the last commit and its state.
 */

import type { Admin, Consumer, Isolation } from '../../client/api.ts'
import { createAdmin, createConsumer } from '../../client/index.ts'
import { isRetriable } from '../../client/kafka-error.ts'
import type { Environment } from '../../environment/index.ts'
import type { ErrorDecision, KafkaStreams, ProcessingError, StreamsOptions, Topology } from '../api.ts'
import { StepCounters } from '../counters.ts'
import { GlobalTables } from '../global-tables.ts'
import { StepFailure } from '../step-runner.ts'
import { Task } from '../task.ts'
import { type BuiltTopology, builtTopology } from '../topology.ts'
import type { ActiveTask } from './active-task.ts'
import { streamsAssignor } from './assignor.ts'
import { checkWrites, commitTasks } from './commit.ts'
import { GlobalReader } from './global-reader.ts'
import { prepareTopics } from './internal-topics.ts'
import { LagMeter } from './lag.ts'
import { readTopics } from './partition-plan.ts'
import { Producers } from './producers.ts'
import { restoreStores } from './restore.ts'
import { TaskManager } from './task-manager.ts'
import { openTaskState } from './task-state.ts'
import { placeOf, stepOf, textOf, WritesLost } from './thread-errors.ts'

const commitIntervalMsDefault = { at_least_once: 500, exactly_once_v2: 100 } as const
/** How long records are processed before the loop looks after everything else. */
const sliceMs = 10
const pollWaitMs = 100
/** Members learn of a rebalance by heartbeat: this is how long threads that start one after the other wait for each other. */
const heartbeatIntervalMs = 300
/** Per partition: above the first it is paused, below the second resumed. */
const bufferedMax = 4000
const bufferedResume = 1000
/** How long a stop waits for its last commit. */
const lastCommitMsMax = 5000
/** How long an abort is waited for; the transaction's own timeout ends it otherwise. */
const abortMsMax = 2000
/** Without a commit between them. */
const restartsMax = 20
const retryPauseMs = 500

/** A running topology in this thread. @throws MillraceError for options that can't work */
export function createStreams(
  environment: Environment,
  topology: Topology,
  options: StreamsOptions,
): KafkaStreams {
  return new StreamThread(environment, builtTopology(topology), options)
}

type State = KafkaStreams['state']

class StreamThread implements KafkaStreams {
  readonly #environment: Environment
  readonly #topology: BuiltTopology
  readonly #options: StreamsOptions
  readonly #admin: Admin
  readonly #consumer: Consumer
  readonly #tasks: TaskManager
  readonly #globals: GlobalTables
  readonly #globalReader: GlobalReader
  readonly #counters = new Map<string, StepCounters>()
  readonly #lag: LagMeter
  readonly #handlers: ((state: State, error?: ProcessingError) => void)[] = []
  #producers: Producers
  #state: State = 'created'
  #loop: Promise<void> | undefined
  #stopping = false
  #assignedOnce = false
  #lastCommitMs = 0
  #restarts = 0

  constructor(environment: Environment, topology: BuiltTopology, options: StreamsOptions) {
    const { applicationId, bootstrap, clientId = applicationId } = options
    this.#environment = environment
    this.#topology = topology
    this.#options = options
    this.#lag = new LagMeter(environment.clock)
    for (const { nodes } of topology.subTopologies) {
      for (const { name } of nodes) this.#counters.set(name, new StepCounters())
    }
    for (const { name } of topology.globals) this.#counters.set(name, new StepCounters())
    this.#admin = createAdmin(environment, { bootstrap, clientId: `${clientId}-admin` })
    this.#tasks = new TaskManager({
      topology,
      applicationId,
      admin: this.#admin,
      makeTask: (subTopology, partition) => this.#makeTask(subTopology, partition),
      restore: (tasks) => restoreStores(tasks, { environment, bootstrap, applicationId }),
    })
    this.#globals = new GlobalTables(topology.globals, {
      countersOf: (step) => this.#counters.get(step)!,
      onError: (error) => this.#decide(error),
    })
    this.#globalReader = new GlobalReader(this.#globals, {
      environment,
      bootstrap,
      clientId: `${clientId}-global`,
      isolation: this.#isolation,
    })
    this.#consumer = createConsumer(environment, {
      bootstrap,
      clientId: `${clientId}-consumer`,
      groupId: applicationId,
      autoOffsetReset: 'earliest',
      recordsPerPollMax: bufferedMax,
      isolation: this.#isolation,
      sessionTimeoutMs: options.sessionTimeoutMs,
      heartbeatIntervalMs,
      assignors: [streamsAssignor(topology, applicationId, () => this.#tasks.ids)],
    })
    this.#producers = this.#makeProducers()
  }

  get state(): State {
    return this.#state
  }

  onStateChange(handler: (state: State, error?: ProcessingError) => void): void {
    this.#handlers.push(handler)
  }

  /** Resolves when topics are there and the loop runs; tasks come with the group's first assignment. */
  async start(): Promise<void> {
    this.#enter('rebalancing')
    const { applicationId, replicationFactor } = this.#options
    const environment = this.#environment
    try {
      await prepareTopics(this.#topology, {
        environment,
        admin: this.#admin,
        applicationId,
        replicationFactor,
      })
    } catch (error) {
      await this.#closeClients()
      this.#enter('failed', { stage: 'processing', step: stepOf(error), error })
      throw error
    }
    this.#consumer.subscribe(readTopics(this.#topology, applicationId), {
      onAssigned: (partitions) => {
        this.#tasks.assigned(partitions, this.#consumer)
        this.#assignedOnce = true
      },
      onRevoked: () => this.#revoked(),
      onLost: () => this.#lost(),
    })
    this.#lastCommitMs = environment.clock.monotonicMs()
    this.#loop = this.#run()
  }

  metrics(): ReturnType<KafkaStreams['metrics']> {
    let streamTimeMs: number | undefined
    for (const { task } of this.#tasks.active) {
      if (task.streamTimeMs >= 0) streamTimeMs = Math.max(streamTimeMs ?? 0, task.streamTimeMs)
    }
    const lag = this.#lag.read(this.#tasks.active, this.#consumer)
    return { steps: Object.fromEntries(this.#counters), streamTimeMs, lag }
  }

  async close(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'failed') return
    this.#stopping = true
    if (this.#loop !== undefined) {
      this.#enter('stopping')
      const limit = this.#environment.timers.after(lastCommitMsMax, () => this.#giveUpWrites())
      await this.#loop
      limit.cancel()
    } else {
      await this.#closeClients()
      this.#enter('stopped')
    }
  }

  /** A commit that waits for a cluster that is away is given up: the next start repeats what it would have covered. */
  #giveUpWrites(): void {
    this.#producers.close(0).catch((error: unknown) => this.#warn('could not give up writes', error))
  }

  async #run(): Promise<void> {
    let failure: ProcessingError | undefined
    while (!this.#stopping && failure === undefined) {
      try {
        if (await this.#round()) this.#restarts = 0
      } catch (error) {
        failure = await this.#afterError(error)
      }
    }
    await this.#end(failure)
  }

  /** One turn of the loop. True when it committed. */
  async #round(): Promise<boolean> {
    await this.#globalReader.ready()
    await this.#producers.start()
    await this.#tasks.open(this.#consumer)
    await this.#tasks.startNew()
    if (this.#state === 'rebalancing' && this.#tasks.settled && this.#assignedOnce) this.#enter('running')
    const busy = this.#processSlice()
    if (this.#producers.full) await this.#producers.ready()
    checkWrites(this.#producers)
    const nowMs = this.#environment.clock.monotonicMs()
    const untilCommitMs = this.#lastCommitMs + this.#commitIntervalMs - nowMs
    const committed = untilCommitMs <= 0 && (await this.#commit())
    this.#punctuate()
    this.#lag.sample(this.#tasks.active, this.#consumer)
    if (busy) await this.#breathe()
    await this.#poll(busy ? 0 : Math.max(1, Math.min(pollWaitMs, untilCommitMs)))
    return committed
  }

  get #commitIntervalMs(): number {
    const { commitIntervalMs, processingGuarantee = 'at_least_once' } = this.#options
    return commitIntervalMs ?? commitIntervalMsDefault[processingGuarantee]
  }

  get #isolation(): Isolation {
    return this.#isExactlyOnce ? 'read_committed' : 'read_uncommitted'
  }

  get #isExactlyOnce(): boolean {
    return this.#options.processingGuarantee === 'exactly_once_v2'
  }

  /** True while there is more to process than the slice had time for. */
  #processSlice(): boolean {
    const { clock } = this.#environment
    const endMs = clock.monotonicMs() + sliceMs
    for (;;) {
      let any = false
      for (const active of this.#tasks.active) {
        if (!active.started) continue
        for (let i = 0; i < 64 && active.processNext(this.#consumer); i++) any = true
      }
      if (!any) return false
      if (this.#producers.full || clock.monotonicMs() >= endMs) return true
    }
  }

  async #poll(timeoutMs: number): Promise<void> {
    const records = await this.#consumer.poll(timeoutMs)
    for (const record of records) {
      // A record without a queue belongs to a task that a rebalance inside this poll took away.
      this.#tasks.queueOf(record.topic, record.partition)?.add(record)
    }
    for (const { queues } of this.#tasks.active) {
      for (const queue of queues) {
        if (!queue.paused && queue.length > bufferedMax) {
          queue.paused = true
          this.#consumer.pause([queue])
        } else if (queue.paused && queue.length < bufferedResume) {
          queue.paused = false
          this.#consumer.resume([queue])
        }
      }
    }
  }

  /** True when there was something to commit and it is. */
  async #commit(): Promise<boolean> {
    this.#lastCommitMs = this.#environment.clock.monotonicMs()
    const dirty: ActiveTask[] = []
    for (const active of this.#tasks.active) {
      if (active.started && active.needsCommit(this.#consumer)) dirty.push(active)
    }
    if (dirty.length === 0) return false
    return await commitTasks(dirty, this.#consumer, this.#producers, this.#options.applicationId)
  }

  async #revoked(): Promise<void> {
    await this.#commit()
    this.#tasks.suspendAll()
    this.#enter('rebalancing')
  }

  async #lost(): Promise<void> {
    await this.#tasks.closeAll()
    if (this.#isExactlyOnce) await this.#renewProducers()
    this.#enter('rebalancing')
  }

  #punctuate(): void {
    for (const active of this.#tasks.active) {
      if (!active.started || !active.task.punctuations.any) continue
      active.task.punctuateWallClock()
      active.dirty = true
    }
  }

  /** Lets sockets and timers have their turn. */
  #breathe(): Promise<void> {
    return new Promise((resolve) => this.#environment.timers.soon(resolve))
  }

  /** Undefined when the loop can go on. */
  async #afterError(error: unknown): Promise<ProcessingError | undefined> {
    if (error instanceof StepFailure) {
      if (error.where.stage !== 'production') await this.#commitBeforeFailing()
      return error.where
    }
    if (this.#stopping && (error instanceof WritesLost || isRetriable(error))) return undefined
    if (error instanceof WritesLost) return await this.#restart(error)
    if (!isRetriable(error)) return placeOf(error)
    // The cluster may be away for long: what waits here is not lost.
    this.#warn('tries again', error)
    await this.#environment.timers.sleep(retryPauseMs)
    return undefined
  }

  /** Goes back to the last commit. */
  async #restart(error: WritesLost): Promise<ProcessingError | undefined> {
    this.#restarts++
    if (this.#restarts > restartsMax) return error.where
    this.#warn('goes back to the last commit', error)
    await this.#environment.timers.sleep(retryPauseMs)
    try {
      await this.#renewProducers()
      await this.#tasks.restart(this.#consumer)
    } catch (again) {
      return placeOf(again)
    }
    return undefined
  }

  /** What was written since the last commit is given up; in a transaction it never counts. */
  async #renewProducers(): Promise<void> {
    await this.#producers.close(this.#isExactlyOnce ? abortMsMax : 0)
    this.#producers = this.#makeProducers()
  }

  /** What went well before the record that failed need not be done again; exactly once, what came of that record must not count. */
  async #commitBeforeFailing(): Promise<void> {
    if (this.#isExactlyOnce) return
    try {
      await this.#commit()
    } catch (error) {
      this.#warn('makes no commit before failing', error)
    }
  }

  async #end(failure: ProcessingError | undefined): Promise<void> {
    let ended = failure
    try {
      if (ended === undefined) await this.#commit()
    } catch (error) {
      // Without its last commit a stop is still one: the next start repeats what it would have covered.
      if (error instanceof WritesLost || isRetriable(error))
        this.#warn('stops without its last commit', error)
      else ended = placeOf(error)
    }
    await this.#closeClients()
    this.#enter(ended === undefined ? 'stopped' : 'failed', ended)
  }

  async #closeClients(): Promise<void> {
    const closings = [
      () => this.#tasks.closeAll(),
      () => this.#globalReader.close(),
      () => this.#consumer.close(),
      () => this.#producers.close(1000),
      () => this.#admin.close(),
    ]
    for (const close of closings) {
      try {
        await close()
      } catch (error) {
        this.#warn('could not close a part', error)
      }
    }
  }

  #warn(what: string, error: unknown): void {
    const { applicationId } = this.#options
    this.#environment.log.write('warn', 'streams', `${applicationId} ${what}: ${textOf(error)}`)
  }

  async #makeTask(index: number, partition: number): Promise<Task> {
    const subTopology = this.#topology.subTopologies[index]!
    const { applicationId, stateFolder } = this.#options
    return new Task({
      applicationId,
      subTopology,
      state: await openTaskState(this.#environment, stateFolder, subTopology, partition),
      partition,
      globals: this.#globals.stores,
      clock: this.#environment.clock,
      collector: { send: (...sent) => this.#producers.send(...sent) },
      countersOf: (step) => this.#counters.get(step)!,
      onError: (error) => this.#decide(error),
    })
  }

  #makeProducers(): Producers {
    const { applicationId, bootstrap, clientId = applicationId } = this.#options
    const sinks = this.#topology.subTopologies.flatMap(({ nodes }) => nodes.flatMap(({ sink }) => sink ?? []))
    return new Producers(this.#environment, {
      applicationId,
      bootstrap,
      exactlyOnce: this.#isExactlyOnce ? { sinks } : undefined,
      clientId: `${clientId}-producer`,
      onError: (error) => this.#decide(error),
      onFailed: (step) => {
        const counters = this.#counters.get(step)
        if (counters !== undefined) counters.failed++
      },
    })
  }

  #decide(error: ProcessingError): ErrorDecision {
    return this.#options.onError?.(error) ?? 'fail'
  }

  #enter(state: State, error?: ProcessingError): void {
    if (this.#state === state || this.#state === 'stopped' || this.#state === 'failed') return
    if (this.#stopping && (state === 'running' || state === 'rebalancing')) return
    this.#state = state
    for (const handler of this.#handlers) handler(state, error)
  }
}
