import { KeyMap } from './key-map.ts'
import {
  type ChangeSink,
  type StateStore,
  type StoreRow,
  type StoreSerdes,
  serializeNullable,
  sortedByKey,
} from './store.ts'

/** A row; `value` null only while a deletion waits for the changelog. */
export interface Row {
  readonly key: unknown
  value: unknown
  timestampMs: number
  dirty: boolean
}

/** Rows with timestamps: behind tables, aggregates without window, and processors. */
export interface RowStore extends StateStore {
  get(key: unknown): Row | undefined
  /** null deletes. */
  put(key: unknown, value: unknown, timestampMs: number): void
  sorted(): Iterable<Row>
}

export class MemoryRowStore implements RowStore {
  readonly name: string
  readonly #serdes: StoreSerdes
  readonly #rows = new KeyMap<Row>()
  #dirty: Row[] = []

  constructor(name: string, serdes: StoreSerdes) {
    this.name = name
    this.#serdes = serdes
  }

  get(key: unknown): Row | undefined {
    return this.#rows.get(key)
  }

  put(key: unknown, value: unknown, timestampMs: number): void {
    const row = this.#rows.get(key)
    if (row === undefined) {
      if (value === null || value === undefined) return
      const added: Row = { key, value, timestampMs, dirty: true }
      this.#rows.set(key, added)
      this.#dirty.push(added)
      return
    }
    row.value = value ?? null
    row.timestampMs = timestampMs
    if (row.value === null) this.#rows.delete(key)
    if (!row.dirty) {
      row.dirty = true
      this.#dirty.push(row)
    }
  }

  sorted(): Row[] {
    return sortedByKey(this.#rows.values(), this.#serdes.key)
  }

  *rows(): Iterable<StoreRow> {
    for (const { key, value, timestampMs } of this.sorted()) yield { key, value, timestampMs }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const row of changed) {
      row.dirty = false
      emit(
        this.#serdes.key.serialize(row.key),
        serializeNullable(this.#serdes.value, row.value),
        row.timestampMs,
      )
    }
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null, timestampMs: number): void {
    const key = this.#serdes.key.deserialize(keyBytes)
    if (valueBytes === null) this.#rows.delete(key)
    else {
      const value = this.#serdes.value.deserialize(valueBytes)
      this.#rows.set(key, { key, value, timestampMs, dirty: false })
    }
  }
}
