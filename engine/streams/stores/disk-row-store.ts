import type { KeyValueDatabase } from '../../environment/index.ts'
import { KeyMap } from './key-map.ts'
import { type Row, RowStore } from './row-store.ts'
import { type ChangeSink, type StoreSerdes, serializeNullable } from './store.ts'
import { asBuffer } from './window-store.ts'

/** Rows that are in memory without having changed: above this many after a commit, all of them are let go. */
const cachedRowsMax = 20_000

/**
 * Rows in the task's database, with a write-back cache: what changed stays in memory until a commit writes it as one batch. A
 * database key is the store's name, a zero byte and the key's bytes; its value is the timestamp as int64, then the value's bytes.
 */
export class DiskRowStore extends RowStore {
  readonly #database: KeyValueDatabase
  readonly #prefix: Buffer
  /** A row with value null is known to be absent. */
  #cache = new KeyMap<Row>()
  #dirty: Row[] = []
  /** Drained or restored, and not yet written. */
  #unwritten: [Buffer, Buffer | undefined][] = []

  constructor(name: string, serdes: StoreSerdes, database: KeyValueDatabase) {
    super(name, serdes)
    this.#database = database
    this.#prefix = Buffer.from(`${name}\0`)
  }

  get(key: unknown): Row | undefined {
    const row = this.#load(key)
    return row.value === null ? undefined : row
  }

  put(key: unknown, value: unknown, timestampMs: number): void {
    const row = this.#load(key)
    if (row.value === null && (value === null || value === undefined)) return
    row.value = value ?? null
    row.timestampMs = timestampMs
    if (row.dirty) return
    row.dirty = true
    this.#dirty.push(row)
  }

  *sorted(): Iterable<Row> {
    const changed = new Map<string, Row>()
    for (const row of this.#cache.values()) {
      changed.set(this.#databaseKey(this.serdes.key.serialize(row.key)).toString('latin1'), row)
    }
    const found = [...changed].map(([id, row]) => ({ id: Buffer.from(id, 'latin1'), row }))
    for (const [id, bytes] of this.#database.range(this.#prefix, this.#end())) {
      if (changed.has(id.toString('latin1'))) continue
      const key = this.serdes.key.deserialize(id.subarray(this.#prefix.byteLength))
      found.push({ id: Buffer.from(id), row: this.#decode(key, bytes) })
    }
    found.sort((a, b) => Buffer.compare(a.id, b.id))
    for (const { row } of found) if (row.value !== null) yield row
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const row of changed) {
      row.dirty = false
      const key = this.serdes.key.serialize(row.key)
      const value = serializeNullable(this.serdes.value, row.value)
      this.#write(key, value, row.timestampMs)
      emit(key, value, row.timestampMs)
    }
  }

  restore(key: Uint8Array, value: Uint8Array | null, timestampMs: number): void {
    this.#write(key, value, timestampMs)
  }

  async flush(): Promise<void> {
    if (this.#unwritten.length > 0) {
      const changes = this.#unwritten
      this.#unwritten = []
      await this.#database.commit(changes)
    }
    if (this.#cache.size > cachedRowsMax && this.#dirty.length === 0) this.#cache = new KeyMap()
  }

  #load(key: unknown): Row {
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const bytes = this.#database.get(this.#databaseKey(this.serdes.key.serialize(key)))
    const row =
      bytes === undefined ? { key, value: null, timestampMs: 0, dirty: false } : this.#decode(key, bytes)
    this.#cache.set(key, row)
    return row
  }

  #decode(key: unknown, bytes: Buffer): Row {
    const value = this.serdes.value.deserialize(bytes.subarray(8))
    return { key, value, timestampMs: Number(bytes.readBigInt64BE(0)), dirty: false }
  }

  #write(key: Uint8Array, value: Uint8Array | null, timestampMs: number): void {
    const id = this.#databaseKey(key)
    if (value === null) {
      this.#unwritten.push([id, undefined])
      return
    }
    const bytes = Buffer.allocUnsafe(8 + value.byteLength)
    bytes.writeBigInt64BE(BigInt(timestampMs), 0)
    bytes.set(value, 8)
    this.#unwritten.push([id, bytes])
  }

  #databaseKey(key: Uint8Array): Buffer {
    return Buffer.concat([this.#prefix, asBuffer(key)])
  }

  /** Behind every key of this store: its prefix with the zero byte made a one. */
  #end(): Buffer {
    const end = Buffer.from(this.#prefix)
    end[end.byteLength - 1] = 1
    return end
  }
}
