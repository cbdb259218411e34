/**
 * Which tasks this thread has, through rebalances. Revoked tasks are committed and suspended with their state in memory; what comes
 * back, with nobody else having committed for it meanwhile, goes on without a restore.
 *
 * | event | tasks |
 * |---|---|
 * | revoked | active → suspended, queues emptied |
 * | lost | active, suspended → closed without a commit |
 * | assigned | suspended and unchanged → active; new → waiting for its restore; other suspended ones → closed |
 * | restart | active → closed without a commit, made anew, waiting for its restore, reading from the last commit |
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

  get allStarted(): boolean {
    for (const active of this.#active.values()) if (!active.started) return false
    return true
  }

  /** Tasks whose state lies here, for the next assignment. */
  get ids(): string[] {
    return [...this.#active.keys(), ...this.#suspended.keys()]
  }

  queueOf(topic: string, partition: number): RecordQueue | undefined {
    return this.#queues.get(`${topic} ${partition}`)?.queue
  }

  suspendAll(): void {
    for (const [id, active] of this.#active) {
      active.clearQueues()
      this.#suspended.set(id, active)
    }
    this.#active = new Map()
    this.#queues = new Map()
  }

  async closeAll(): Promise<void> {
    const all = [...this.#active.values(), ...this.#suspended.values()]
    this.#active = new Map()
    this.#suspended = new Map()
    this.#queues = new Map()
    for (const { task } of all) await task.close()
  }

  async assigned(partitions: readonly TopicPartition[], consumer: Consumer): Promise<void> {
    const offsets = await this.#committed(partitions, consumer)
    const assigned = new Map<string, TopicPartition[]>()
    for (const at of partitions) {
      const id = `${this.#subTopologyOf.get(at.topic)!}_${at.partition}`
      const list = assigned.get(id)
      if (list === undefined) assigned.set(id, [at])
      else list.push(at)
    }
    for (const [id, list] of assigned) {
      const suspended = this.#suspended.get(id)
      if (suspended !== undefined && unchanged(suspended, list, offsets)) {
        this.#suspended.delete(id)
        this.#activate(suspended)
        for (const queue of suspended.queues) {
          if (queue.nextOffset !== undefined) consumer.seek(queue, queue.nextOffset)
        }
      } else {
        await this.#open(id, list, offsets, consumer)
      }
    }
    const left = [...this.#suspended.values()]
    this.#suspended = new Map()
    for (const { task } of left) await task.close()
  }

  /** Forgets what was not committed. */
  async restart(consumer: Consumer): Promise<void> {
    const partitions = [...this.#active.values()].flatMap(({ queues }) => queues.map(placeOf))
    await this.closeAll()
    await this.assigned(partitions, consumer)
    for (const { queue } of this.#queues.values()) {
      const offset = queue.committedOffset ?? (await this.#resetOffset(queue, 'earliest'))
      consumer.seek(queue, offset)
      consumer.resume([queue])
    }
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

  async #open(
    id: string,
    partitions: readonly TopicPartition[],
    offsets: Offsets,
    consumer: Consumer,
  ): Promise<void> {
    const [subTopology, partition] = id.split('_').map(Number)
    const active = new ActiveTask(await this.#options.makeTask(subTopology!, partition!), partitions)
    for (const queue of active.queues) {
      const committed = offsets.get(keyOf(queue))
      queue.committedOffset = committed?.offset
      const streamTimeMs = Number(committed?.metadata || Number.NaN)
      if (streamTimeMs > active.task.streamTimeMs) active.task.streamTimeMs = streamTimeMs
      if (committed === undefined && this.#fromLatest.has(queue.topic)) {
        consumer.seek(queue, await this.#resetOffset(queue, 'latest'))
      }
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

  async #resetOffset(at: TopicPartition, fallback: 'earliest' | 'latest'): Promise<number> {
    const spec = this.#fromLatest.has(at.topic) ? 'latest' : fallback
    const [answer] = await this.#options.admin.listOffsets([{ ...placeOf(at), spec }])
    return answer!.offset
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
