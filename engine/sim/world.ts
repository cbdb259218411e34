import type {
  Codecs,
  CodeLoader,
  Environment,
  LogLevel,
  Random,
  WorkerBody,
  WorkerName,
} from '../environment/index.ts'
import { Actor } from './actor.ts'
import { FileContent, type TearOptions } from './disk-content.ts'
import { calmNetwork, type NetworkFaults, NetworkWorld } from './network-world.ts'
import { Scheduler, type SchedulerOptions } from './scheduler.ts'
import { createSeededRandom } from './seeded-random.ts'
import { SimDisk } from './sim-disk.ts'
import { SimKeyValueStores } from './sim-key-value.ts'
import { SimNetwork } from './sim-network.ts'
import { SimNode } from './sim-node.ts'
import { simClock, simTimers } from './sim-time.ts'
import { SimWorkers } from './sim-workers.ts'

export interface WorldOptions extends SchedulerOptions {
  readonly seed: number | string
  /** Pure functions, so the real ones serve. */
  readonly codecs: Codecs
  readonly code: CodeLoader
  readonly bodies?: Readonly<Partial<Record<WorkerName, WorkerBody>>>
  readonly network?: Partial<NetworkFaults>
  /** What a crash does to unsynced bytes. */
  readonly tearing?: TearOptions
  readonly log?: (node: string, level: LogLevel, source: string, text: string, facts?: object) => void
}

/**
 * Several machines in one seeded simulation: the same seed and the same calls give the same run. Each machine has one
 * life at a time; `crash` ends it, with its timers, sockets and unsynced bytes, and `restart` begins the next.
 */
export class World {
  readonly scheduler: Scheduler
  readonly network: NetworkWorld
  /** For the test's own choices. */
  readonly random: Random
  readonly #options: WorldOptions
  readonly #nodes = new Map<string, SimNode>()
  readonly #environments = new WeakMap<Actor, Environment>()

  constructor(options: WorldOptions) {
    this.#options = options
    this.scheduler = new Scheduler(options)
    this.random = createSeededRandom(options.seed).fork('world')
    this.network = new NetworkWorld(this.scheduler, createSeededRandom(options.seed).fork('network'), {
      ...calmNetwork,
      ...options.network,
    })
  }

  /** The environment of the machine's present life; the first call starts it. */
  node(name: string): Environment {
    const node = this.#node(name)
    return node.actor ? this.#environment(node.actor) : this.restart(name)
  }

  isUp(name: string): boolean {
    return this.#node(name).actor !== undefined
  }

  /**
   * Ends the machine's life as by loss of power: what was not synced may be lost or torn, connections are reset.
   * `keepsDisk` leaves the disk whole: only the process died.
   */
  crash(name: string, options: { keepsDisk?: boolean } = {}): void {
    const node = this.#node(name)
    if (!node.actor) return
    node.actor.end()
    node.actor = undefined
    node.pausedUntilMs = 0
    if (options.keepsDisk) node.disk.locks.clear()
    else node.disk.crash(node.random, this.#options.tearing ?? { reordersWrites: false })
  }

  /** Begins the machine's next life on what its disk holds. */
  restart(name: string): Environment {
    const node = this.#node(name)
    this.crash(name)
    node.lives++
    node.actor = new Actor(node.lives === 1 ? name : `${name}#${node.lives}`, node)
    return this.#environment(node.actor)
  }

  /** Nothing runs on the machine for so long; time goes on. */
  pause(name: string, durationMs: number): void {
    this.#node(name).pausedUntilMs = this.scheduler.elapsedMs + durationMs
  }

  /** What its wall clock is ahead. */
  skewClock(name: string, skewMs: number): void {
    this.#node(name).clockSkewMs = skewMs
  }

  /** All wall clocks go forward at once, and stay so: as if nothing had happened for so long. */
  jumpTime(durationMs: number): void {
    this.scheduler.wallAheadMs += durationMs
  }

  /** Flips a bit of a file, as if it had rotted, synced or not. False when there is no such byte. */
  corrupt(name: string, path: string, position: number): boolean {
    const found = this.#node(name).disk.find(path)
    return found instanceof FileContent && found.rot(position)
  }

  /** What lies on the machine's disk, by path. */
  files(name: string): { path: string; bytes: Buffer }[] {
    return this.#node(name).disk.files()
  }

  slowDisk(name: string, factor: number): void {
    this.#node(name).diskSlowness = factor
  }

  /** Makes disk operations fail while it gives an error for them; undefined ends that. */
  failDisk(name: string, fault: SimNode['diskFault']): void {
    this.#node(name).diskFault = fault
  }

  /** Nothing goes between the groups, either way, until `network.healAll()`. */
  partition(one: readonly string[], other: readonly string[]): void {
    for (const a of one) {
      for (const b of other) {
        this.network.cut(a, b)
        this.network.cut(b, a)
      }
    }
  }

  #node(name: string): SimNode {
    const found = this.#nodes.get(name)
    if (found) return found
    const node = new SimNode(name, createSeededRandom(this.#options.seed).fork(`node ${name}`))
    this.#nodes.set(name, node)
    return node
  }

  #environment(actor: Actor): Environment {
    const known = this.#environments.get(actor)
    if (known) return known
    const { scheduler } = this
    const { codecs, code, bodies, log } = this.#options
    const disk = new SimDisk(actor, scheduler)
    const environment: Environment = {
      clock: simClock(actor, scheduler),
      timers: simTimers(actor, scheduler),
      random: createSeededRandom(this.#options.seed).fork(`environment ${actor.name}`),
      disk,
      network: new SimNetwork(actor, this.network),
      codecs,
      keyValue: new SimKeyValueStores(actor, scheduler, disk),
      code,
      workers: new SimWorkers(actor, scheduler, bodies ?? {}, (worker) => this.#environment(worker)),
      log: { write: (level, source, text, facts) => log?.(actor.name, level, source, text, facts) },
    }
    this.#environments.set(actor, environment)
    return environment
  }
}
