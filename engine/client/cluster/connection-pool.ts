import type { MillraceError } from '../../base/errors.ts'
import type { Address, Environment } from '../../environment/index.ts'
import { backoffMs } from '../backoff.ts'
import type { NetworkMetrics } from '../metrics/network-metrics.ts'
import type { ConnectionSettings } from '../settings.ts'
import { BrokerConnection, placeOf } from './connection.ts'

/**
 * A broker answers the requests of one connection one after the other, so what may wait long for its answer has a
 * connection of its own: fetches, and the group's joins.
 */
export type Purpose = 'general' | 'produce' | 'fetch' | 'second fetch' | 'group'

interface Slot {
  connection: BrokerConnection | undefined
  opening: Promise<BrokerConnection> | undefined
}

/** Consecutive failures to connect, and when the next try is allowed. */
interface Failures {
  count: number
  retryAtMs: number
}

/** One connection per broker and purpose, opened when first asked for, and again after it was lost. */
export class ConnectionPool {
  readonly #environment: Environment
  readonly #settings: ConnectionSettings
  readonly #metrics: NetworkMetrics
  readonly #onLost: (address: Address, error: MillraceError) => void
  readonly #slots = new Map<string, Slot>()
  readonly #failures = new Map<string, Failures>()
  #isClosed = false

  constructor(
    environment: Environment,
    settings: ConnectionSettings,
    metrics: NetworkMetrics,
    onLost: (address: Address, error: MillraceError) => void,
  ) {
    this.#environment = environment
    this.#settings = settings
    this.#metrics = metrics
    this.#onLost = onLost
  }

  /** The connection if it is open at this moment. */
  current(address: Address, purpose: Purpose): BrokerConnection | undefined {
    const connection = this.#slots.get(keyOf(address, purpose))?.connection
    return connection?.isOpen ? connection : undefined
  }

  async open(address: Address, purpose: Purpose): Promise<BrokerConnection> {
    const key = keyOf(address, purpose)
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = { connection: undefined, opening: undefined }
      this.#slots.set(key, slot)
    }
    if (slot.connection?.isOpen) return slot.connection
    slot.opening ??= this.#connect(address, slot)
    return slot.opening
  }

  closeAll(): void {
    this.#isClosed = true
    for (const slot of this.#slots.values()) slot.connection?.close()
    this.#slots.clear()
  }

  async #connect(address: Address, slot: Slot): Promise<BrokerConnection> {
    const place = placeOf(address)
    try {
      await this.#waitForRetry(place)
      const connection = await BrokerConnection.open(
        this.#environment,
        this.#settings,
        address,
        this.#metrics,
      )
      if (this.#isClosed) connection.close()
      this.#failures.delete(place)
      slot.connection = connection
      connection.onClose((error) => {
        if (slot.connection === connection) slot.connection = undefined
        if (!this.#isClosed) this.#onLost(address, error)
      })
      return connection
    } catch (thrown) {
      this.#countFailure(place)
      throw thrown
    } finally {
      slot.opening = undefined
    }
  }

  async #waitForRetry(place: string): Promise<void> {
    const failures = this.#failures.get(place)
    if (failures === undefined) return
    const delayMs = failures.retryAtMs - this.#environment.clock.monotonicMs()
    if (delayMs > 0) await this.#environment.timers.sleep(delayMs)
  }

  #countFailure(place: string): void {
    const count = (this.#failures.get(place)?.count ?? 0) + 1
    const delayMs = backoffMs(count - 1, reconnectPolicy, this.#environment.random)
    this.#failures.set(place, { count, retryAtMs: this.#environment.clock.monotonicMs() + delayMs })
  }
}

/** Kafka's `reconnect.backoff.ms` and `reconnect.backoff.max.ms`. */
const reconnectPolicy = { retryBackoffMs: 50, retryBackoffMaxMs: 1000 }

function keyOf(address: Address, purpose: Purpose): string {
  return `${placeOf(address)} ${purpose}`
}
