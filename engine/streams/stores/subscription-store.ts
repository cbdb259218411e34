import type { Serde } from '../api.ts'
import { decodeReturn, encodeReturn } from '../foreign-key-messages.ts'
import { KeyMap } from './key-map.ts'
import { type ChangeSink, type StateStore, type StoreRow, sortedByKey } from './store.ts'
import { asBuffer } from './window-store.ts'

/** A left row that refers to a right row. */
interface Subscriber {
  readonly foreignKey: unknown
  readonly primaryKey: unknown
  partition: number
  hash: Buffer | null
  timestampMs: number
  gone: boolean
}

interface Referring {
  readonly foreignKey: unknown
  readonly byKey: KeyMap<Subscriber>
  /** By the primary keys' bytes; undefined while it is not known. */
  sorted: readonly Subscriber[] | undefined
}

interface SubscriptionSerdes {
  readonly foreignKey: Serde<unknown>
  readonly primaryKey: Serde<unknown>
}

/**
 * Which left rows refer to which right row. The changelog's key is the length of the foreign key's bytes (int32), these, and the
 * primary key's bytes; its value where an answer goes, and the hash of the left value.
 */
export class SubscriptionStore implements StateStore {
  readonly name: string
  readonly #serdes: SubscriptionSerdes
  readonly #byForeignKey = new KeyMap<Referring>()
  #dirty = new Set<Subscriber>()

  constructor(name: string, serdes: SubscriptionSerdes) {
    this.name = name
    this.#serdes = serdes
  }

  put(
    foreignKey: unknown,
    primaryKey: unknown,
    partition: number,
    hash: Buffer | null,
    timestampMs: number,
  ): void {
    this.#dirty.add(this.#set(foreignKey, primaryKey, partition, hash, timestampMs))
  }

  delete(foreignKey: unknown, primaryKey: unknown, timestampMs: number): void {
    const subscriber = this.#remove(foreignKey, primaryKey)
    if (subscriber === undefined) return
    subscriber.timestampMs = timestampMs
    this.#dirty.add(subscriber)
  }

  /** In order of the primary keys' bytes. */
  of(foreignKey: unknown): readonly Subscriber[] {
    const referring = this.#byForeignKey.get(foreignKey)
    if (referring === undefined) return nobody
    referring.sorted ??= sortedByKey(
      Array.from(referring.byKey.values(), (subscriber) => ({ key: subscriber.primaryKey, subscriber })),
      this.#serdes.primaryKey,
    ).map(({ subscriber }) => subscriber)
    return referring.sorted
  }

  *rows(): Iterable<StoreRow> {
    const groups = Array.from(this.#byForeignKey.values(), ({ foreignKey }) => ({ key: foreignKey }))
    for (const { key } of sortedByKey(groups, this.#serdes.foreignKey)) {
      for (const { primaryKey, timestampMs } of this.of(key)) yield { key, value: primaryKey, timestampMs }
    }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = new Set()
    for (const { foreignKey, primaryKey, partition, hash, timestampMs, gone } of changed) {
      const value = gone ? null : encodeReturn(partition, hash)
      emit(this.#changelogKey(foreignKey, primaryKey), value, timestampMs)
    }
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null, timestampMs: number): void {
    const view = asBuffer(keyBytes)
    const end = 4 + view.readInt32BE(0)
    const foreignKey = this.#serdes.foreignKey.deserialize(view.subarray(4, end))
    const primaryKey = this.#serdes.primaryKey.deserialize(view.subarray(end))
    if (valueBytes === null) {
      this.#remove(foreignKey, primaryKey)
      return
    }
    const { partition, hash } = decodeReturn(asBuffer(valueBytes))
    this.#set(foreignKey, primaryKey, partition, hash, timestampMs)
  }

  #set(
    foreignKey: unknown,
    primaryKey: unknown,
    partition: number,
    hash: Buffer | null,
    timestampMs: number,
  ): Subscriber {
    let referring = this.#byForeignKey.get(foreignKey)
    if (referring === undefined) {
      referring = { foreignKey, byKey: new KeyMap(), sorted: undefined }
      this.#byForeignKey.set(foreignKey, referring)
    }
    const known = referring.byKey.get(primaryKey)
    if (known !== undefined) {
      Object.assign(known, { partition, hash, timestampMs })
      return known
    }
    const added = { foreignKey, primaryKey, partition, hash, timestampMs, gone: false }
    referring.byKey.set(primaryKey, added)
    referring.sorted = undefined
    return added
  }

  #remove(foreignKey: unknown, primaryKey: unknown): Subscriber | undefined {
    const referring = this.#byForeignKey.get(foreignKey)
    const subscriber = referring?.byKey.get(primaryKey)
    if (referring === undefined || subscriber === undefined) return undefined
    referring.byKey.delete(primaryKey)
    referring.sorted = undefined
    if (referring.byKey.size === 0) this.#byForeignKey.delete(foreignKey)
    subscriber.gone = true
    return subscriber
  }

  #changelogKey(foreignKey: unknown, primaryKey: unknown): Buffer {
    const foreign = this.#serdes.foreignKey.serialize(foreignKey)
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(foreign.byteLength, 0)
    return Buffer.concat([length, foreign, this.#serdes.primaryKey.serialize(primaryKey)])
  }
}

const nobody: readonly Subscriber[] = []
