import { MillraceError } from '../base/errors.ts'
import type { Random } from '../environment/index.ts'
import type { Actor } from './actor.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimConnection } from './sim-connection.ts'
import type { SimListener } from './sim-network.ts'

export interface NetworkFaults {
  /** One way, from and to. */
  latencyMs: readonly [number, number]
  /** How often a chunk takes `spikeMs` at most instead. */
  spikeProbability: number
  spikeMs: number
  /** How often the delivery of a chunk resets its connection instead. */
  resetProbability: number
}

export const calmNetwork: NetworkFaults = {
  latencyMs: [0.05, 0.5],
  spikeProbability: 0.01,
  spikeMs: 20,
  resetProbability: 0,
}

/** What lies between the nodes: who listens where, which ways are cut, and how long things take. */
export class NetworkWorld {
  faults: NetworkFaults
  readonly scheduler: Scheduler
  readonly listeners = new Map<number, SimListener>()
  readonly #random: Random
  readonly #cuts = new Set<string>()
  readonly #connections = new Set<SimConnection>()
  #nextPort = 40_000

  constructor(scheduler: Scheduler, random: Random, faults: NetworkFaults) {
    this.scheduler = scheduler
    this.#random = random
    this.faults = faults
  }

  takePort(): number {
    while (this.listeners.has(this.#nextPort)) this.#nextPort++
    return this.#nextPort++
  }

  /** Nothing goes from one node to the other until `heal`; what was sent waits, as TCP sends it again. */
  cut(from: string, to: string): void {
    this.#cuts.add(cutKey(from, to))
  }

  heal(from: string, to: string): void {
    this.#cuts.delete(cutKey(from, to))
    for (const connection of this.#connections) connection.flow()
  }

  healAll(): void {
    this.#cuts.clear()
    for (const connection of this.#connections) connection.flow()
  }

  isCut(from: Actor, to: Actor): boolean {
    return this.#cuts.has(cutKey(from.node.name, to.node.name))
  }

  /** Resets the open connections between two nodes. */
  reset(a: string, b: string): void {
    for (const connection of [...this.#connections]) {
      const names = [connection.actor.node.name, connection.peer?.actor.node.name]
      if (names.includes(a) && names.includes(b)) connection.lose()
    }
  }

  latencyMs(): number {
    const { latencyMs, spikeProbability, spikeMs } = this.faults
    const isSpike = this.#random.float() < spikeProbability
    const [from, to] = isSpike ? [latencyMs[1], spikeMs] : latencyMs
    return from + this.#random.float() * (to - from)
  }

  /** True now and then: the connection breaks. */
  isResetNow(): boolean {
    return this.faults.resetProbability > 0 && this.#random.float() < this.faults.resetProbability
  }

  /** Streams have no borders: now and then bytes arrive in other pieces than they were sent in. */
  splitPosition(length: number): number {
    return length > 1 && this.#random.int(4) === 0 ? 1 + this.#random.int(length - 1) : length
  }

  add(connection: SimConnection): void {
    this.#connections.add(connection)
  }

  delete(connection: SimConnection): void {
    this.#connections.delete(connection)
  }
}

export function connectionReset(where: string): MillraceError {
  return new MillraceError({ code: 'CONNECTION_RESET', what: 'the connection was reset', where })
}

function cutKey(from: string, to: string): string {
  return `${from} → ${to}`
}
