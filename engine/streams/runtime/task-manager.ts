/**
 * Which tasks this thread has, through rebalances. Revoked tasks are committed and suspended with their state in memory; what comes
 * back, with nobody else having committed for it meanwhile, goes on without a restore.
 *
 * | event | tasks |
 * |---|---|
 * | revoked | active → suspended, queues emptied |
 * | lost | active, suspended → closed without a commit |
 * | assigned | noted, its partitions paused |
 * | opened | suspended and unchanged → active; new → waiting for its restore; other suspended ones → closed; partitions resumed |
 * | restart | active → closed without a commit, noted as assigned |
 */
import type { Admin, Consumer, TopicPartition } from '../../client/api.ts'
import { topicName } from '../graph.ts'
import type { Task } from '../task.ts'
import type { BuiltTopology } from '../topology.ts'
import { ActiveTask } from './active-task.ts'
import type { RecordQueue } from './record-queue.ts'

interface Options {
  readonly topology: BuiltTopology
  readonly applicationId: string
  readonly admin: Admin
  makeTask(subTopology: number, partition: number): Promise<Task>
  restore(tasks: readonly Task[]): Promise<void>
}

export class TaskManager {
  readonly #options: Options
  readonly #subTopologyOf = new Map<string, number>()
  /** Topics that are read from their end when nothing is committed. */
  readonly #fromLatest = new Set<string>()
  #toOpen: readonly TopicPartition[] | undefined
  #active = new Map<string, ActiveTask>()
  #suspended = new Map<string, ActiveTask>()
  #queues = new Map<string, { readonly queue: RecordQueue; readonly active: ActiveTask }>()

  constructor(options: Options) {
    this.#options = options
    for (const { index, sources } of options.topology.subTopologies) {
      for (const { source } of sources) {
        const topic = topicName(source!.topic, options.applicationId)
        this.#subTopologyOf.set(topic, index)
        if (source!.reset === 'latest') this.#fromLatest.add(topic)
      }
    }
  }

  get active(): Iterable<ActiveTask> {
    return this.#active.values()
  }

  /** Tasks whose state lies here, for the next assignment. */
  get ids(): string[] {
    return [...this.#active.keys(), ...this.#suspended.keys()]
  }

  queueOf(topic: string, partition: number): RecordQueue | undefined {
    return this.#queues.get(`${topic} ${partition}`)?.queue
  }

  /** Nothing assigned waits to be opened or started. */
  get settled(): boolean {
    if (this.#toOpen !== undefined) return false
    for (const active of this.#active.values()) if (!active.started) return false
    return true
  }

  suspendAll(): void {
    this.#toOpen = undefined
    for (const [id, active] of this.#active) {
      active.clearQueues()
      this.#suspended.set(id, active)
    }
    this.#active = new Map()
    this.#queues = new Map()
  }

  async closeAll(): Promise<void> {
    this.#toOpen = undefined
    const all = [...this.#active.values(), ...this.#suspended.values()]
    this.#active = new Map()
    this.#suspended = new Map()
    this.#queues = new Map()
    for (const { task } of all) await task.close()
  }

  /**
   * Notes what is to be opened. Nothing is read of it before `open` has succeeded, which asks brokers, and may have to be tried
   * again.
   */
  assigned(partitions: readonly TopicPartition[], consumer: Consumer): void {
    consumer.pause(partitions)
    this.#toOpen = partitions
  }

  /** Forgets what was not committed: all tasks are to be opened anew. */
  async restart(consumer: Consumer): Promise<void> {
    const open = [...this.#active.values()].flatMap(({ queues }) => queues.map(placeOf))
    const partitions = this.#toOpen ?? open
    await this.closeAll()
    this.assigned(partitions, consumer)
  }

  /** Makes or takes up again the tasks that were assigned, each at its place. Can be repeated when it throws. */
  async open(consumer: Consumer): Promise<void> {
    const partitions = this.#toOpen
    if (partitions === undefined) return
    const offsets = await this.#committed(partitions, consumer)
    const uncommitted = partitions.filter((at) => offsets.get(keyOf(at)) === undefined)
    const beginnings = await this.#beginnings(uncommitted)
    for (const [id, list] of this.#byTask(partitions)) {
      const suspended = this.#suspended.get(id)
      if (suspended !== undefined && unchanged(suspended, list, offsets)) {
        this.#suspended.delete(id)
        this.#activate(suspended)
      } else {
        await this.#make(id, list, offsets)
      }
    }
    for (const { queue } of this.#queues.values()) {
      consumer.seek(
        placeOf(queue),
        queue.nextOffset ?? queue.committedOffset ?? beginnings.get(keyOf(queue))!,
      )
    }
    this.#toOpen = undefined
    consumer.resume(partitions)
    const left = [...this.#suspended.values()]
    this.#suspended = new Map()
    for (const { task } of left) await task.close()
  }

  /** Restores and starts what was assigned anew. */
  async startNew(): Promise<void> {
    const waiting = [...this.#active.values()].filter(({ started }) => !started)
    if (waiting.length === 0) return
    await this.#options.restore(waiting.map(({ task }) => task))
    for (const active of waiting) {
      active.task.start()
      active.started = true
    }
  }

  #byTask(partitions: readonly TopicPartition[]): Map<string, TopicPartition[]> {
    const tasks = new Map<string, TopicPartition[]>()
    for (const at of partitions) {
      const id = `${this.#subTopologyOf.get(at.topic)!}_${at.partition}`
      const list = tasks.get(id)
      if (list === undefined) tasks.set(id, [at])
      else list.push(at)
    }
    return tasks
  }

  async #make(id: string, partitions: readonly TopicPartition[], offsets: Offsets): Promise<void> {
    const [subTopology, partition] = id.split('_').map(Number)
    const active = new ActiveTask(await this.#options.makeTask(subTopology!, partition!), partitions)
    for (const queue of active.queues) {
      const committed = offsets.get(keyOf(queue))
      queue.committedOffset = committed?.offset
      const streamTimeMs = Number(committed?.metadata || Number.NaN)
      if (streamTimeMs > active.task.streamTimeMs) active.task.streamTimeMs = streamTimeMs
    }
    this.#activate(active)
  }

  #activate(active: ActiveTask): void {
    this.#active.set(active.id, active)
    for (const queue of active.queues) this.#queues.set(keyOf(queue), { queue, active })
  }

  async #committed(partitions: readonly TopicPartition[], consumer: Consumer): Promise<Offsets> {
    if (partitions.length === 0) return new Map()
    const answers = await consumer.committed(partitions)
    return new Map(answers.map((at) => [keyOf(at), at.committed]))
  }

  /** Where to begin with what has no commit yet. */
  async #beginnings(partitions: readonly TopicPartition[]): Promise<Map<string, number>> {
    if (partitions.length === 0) return new Map()
    const answers = await this.#options.admin.listOffsets(
      partitions.map((at) => ({ ...at, spec: this.#fromLatest.has(at.topic) ? 'latest' : 'earliest' })),
    )
    return new Map(answers.map((at) => [keyOf(at), at.offset]))
  }
}

type Offsets = ReadonlyMap<string, { readonly offset: number; readonly metadata?: string } | undefined>

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`
}

function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

/** The same partitions, and no commit but our own last one. */
function unchanged(active: ActiveTask, partitions: readonly TopicPartition[], offsets: Offsets): boolean {
  if (active.dirty || !active.started || active.queues.length !== partitions.length) return false
  return active.queues.every((queue) => offsets.get(keyOf(queue))?.offset === queue.committedOffset)
}
