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
export abstract class RowStore implements StateStore {
  readonly name: string
  protected readonly serdes: StoreSerdes

  constructor(name: string, serdes: StoreSerdes) {
    this.name = name
    this.serdes = serdes
  }

  abstract get(key: unknown): Row | undefined
  /** null deletes. */
  abstract put(key: unknown, value: unknown, timestampMs: number): void
  /** In order of the keys' bytes. */
  abstract sorted(): Iterable<Row>
  abstract drainChanges(emit: ChangeSink): void
  abstract restore(key: Uint8Array, value: Uint8Array | null, timestampMs: number): void

  *rows(): Iterable<StoreRow> {
    for (const { key, value, timestampMs } of this.sorted()) yield { key, value, timestampMs }
  }
}

export class MemoryRowStore extends RowStore {
  readonly #rows = new KeyMap<Row>()
  #dirty: Row[] = []

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
    return sortedByKey(this.#rows.values(), this.serdes.key)
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const row of changed) {
      row.dirty = false
      emit(
        this.serdes.key.serialize(row.key),
        serializeNullable(this.serdes.value, row.value),
        row.timestampMs,
      )
    }
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null, timestampMs: number): void {
    const key = this.serdes.key.deserialize(keyBytes)
    if (valueBytes === null) this.#rows.delete(key)
    else {
      const value = this.serdes.value.deserialize(valueBytes)
      this.#rows.set(key, { key, value, timestampMs, dirty: false })
    }
  }
}
