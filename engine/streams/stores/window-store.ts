import { KeyMap } from './key-map.ts'
import {
  type ChangeSink,
  type StateStore,
  type StoreRow,
  type StoreSerdes,
  serializeNullable,
  sortedByKey,
} from './store.ts'

export interface WindowRow {
  readonly key: unknown
  readonly windowStartMs: number
  value: unknown
  timestampMs: number
  dirty: boolean
}

interface WindowStoreShape {
  readonly sizeMs: number
  readonly retentionMs: number
  /** Stores of `on-window-close` keep a window one instant longer, as the oracle's do. */
  readonly keepsBoundary: boolean
}

/**
 * Aggregates by key and window start. A window is visible while its start lies above (largest start put) − retention. The
 * changelog's key is the key's bytes, the start as int64 and four zero bytes, as in Kafka; the empty key holds the operator's
 * own times, so that a restarted task neither takes late records again nor emits a closed window twice.
 */
export class WindowStore implements StateStore {
  readonly name: string
  /** Stream time of the operator that owns the store. */
  streamTimeMs = -1
  /** Windows that end here or before have been emitted. */
  closedUpToMs = -1

  readonly #serdes: StoreSerdes
  readonly #shape: WindowStoreShape
  readonly #windows = new Map<number, KeyMap<WindowRow>>()
  /** Ascending. */
  readonly #starts: number[] = []
  #startMax = -1
  #dirty: WindowRow[] = []
  #savedStreamTimeMs = -1
  #savedClosedUpToMs = -1

  constructor(name: string, serdes: StoreSerdes, shape: WindowStoreShape) {
    this.name = name
    this.#serdes = serdes
    this.#shape = shape
  }

  get(key: unknown, windowStartMs: number): WindowRow | undefined {
    return this.#visible(windowStartMs) ? this.#windows.get(windowStartMs)?.get(key) : undefined
  }

  /** null deletes. A start that retention has passed is not kept. */
  put(key: unknown, windowStartMs: number, value: unknown, timestampMs: number): void {
    if (windowStartMs > this.#startMax) this.#startMax = windowStartMs
    if (!this.#visible(windowStartMs)) return
    const row = this.#windows.get(windowStartMs)?.get(key)
    if (row === undefined) {
      if (value === null || value === undefined) return
      const added = { key, windowStartMs, value, timestampMs, dirty: true }
      this.#window(windowStartMs).set(key, added)
      this.#dirty.push(added)
      return
    }
    row.value = value ?? null
    row.timestampMs = timestampMs
    if (row.value === null) this.#windows.get(windowStartMs)!.delete(key)
    this.#touch(row)
  }

  /** Rows of the visible windows whose end lies in (`afterMs`, `upToMs`], by start, then key: the oracle loses the others, too. */
  *closing(afterMs: number, upToMs: number): Iterable<WindowRow> {
    for (const startMs of [...this.#starts]) {
      const endMs = startMs + this.#shape.sizeMs
      if (endMs > upToMs) return
      if (endMs <= afterMs || !this.#visible(startMs)) continue
      yield* sortedByKey(this.#windows.get(startMs)!.values(), this.#serdes.key)
    }
  }

  /** Drops what is no longer visible. */
  expire(): void {
    while (this.#starts.length > 0 && !this.#visible(this.#starts[0]!)) {
      const startMs = this.#starts.shift()!
      for (const row of this.#windows.get(startMs)!.values()) {
        row.value = null
        this.#touch(row)
      }
      this.#windows.delete(startMs)
    }
  }

  *rows(): Iterable<StoreRow> {
    const visible: WindowRow[] = []
    for (const startMs of this.#starts) {
      if (this.#visible(startMs)) visible.push(...this.#windows.get(startMs)!.values())
    }
    // A stable sort: rows of one key stay in order of their windows.
    for (const { key, windowStartMs, value, timestampMs } of sortedByKey(visible, this.#serdes.key)) {
      yield { key, windowStartMs, windowEndMs: windowStartMs + this.#shape.sizeMs, value, timestampMs }
    }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const row of changed) {
      row.dirty = false
      emit(
        windowedKey(this.#serdes.key.serialize(row.key), row.windowStartMs),
        serializeNullable(this.#serdes.value, row.value),
        row.timestampMs,
      )
    }
    if (this.streamTimeMs === this.#savedStreamTimeMs && this.closedUpToMs === this.#savedClosedUpToMs) return
    this.#savedStreamTimeMs = this.streamTimeMs
    this.#savedClosedUpToMs = this.closedUpToMs
    emit(timesKey, times(this.streamTimeMs, this.closedUpToMs), this.streamTimeMs)
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null, timestampMs: number): void {
    if (keyBytes.byteLength === 0) {
      if (valueBytes === null) return
      const view = asBuffer(valueBytes)
      this.streamTimeMs = this.#savedStreamTimeMs = Number(view.readBigInt64BE(0))
      this.closedUpToMs = this.#savedClosedUpToMs = Number(view.readBigInt64BE(8))
      return
    }
    const { key: plain, atMs } = splitWindowedKey(keyBytes)
    const key = this.#serdes.key.deserialize(plain)
    if (valueBytes === null) {
      this.#windows.get(atMs)?.delete(key)
      return
    }
    if (atMs > this.#startMax) this.#startMax = atMs
    const value = this.#serdes.value.deserialize(valueBytes)
    this.#window(atMs).set(key, { key, windowStartMs: atMs, value, timestampMs, dirty: false })
  }

  #visible(startMs: number): boolean {
    const limitMs = this.#startMax - this.#shape.retentionMs
    return this.#shape.keepsBoundary ? startMs >= limitMs : startMs > limitMs
  }

  #touch(row: WindowRow): void {
    if (row.dirty) return
    row.dirty = true
    this.#dirty.push(row)
  }

  #window(startMs: number): KeyMap<WindowRow> {
    const known = this.#windows.get(startMs)
    if (known !== undefined) return known
    const added = new KeyMap<WindowRow>()
    this.#windows.set(startMs, added)
    let at = this.#starts.length
    while (at > 0 && this.#starts[at - 1]! > startMs) at--
    this.#starts.splice(at, 0, startMs)
    return added
  }
}

const timesKey = new Uint8Array(0)

function times(streamTimeMs: number, closedUpToMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeBigInt64BE(BigInt(streamTimeMs), 0)
  bytes.writeBigInt64BE(BigInt(closedUpToMs), 8)
  return bytes
}

/** Key bytes, time as int64, sequence as int32. */
export function windowedKey(key: Uint8Array, atMs: number, sequence = 0): Buffer {
  const bytes = Buffer.allocUnsafe(key.byteLength + 12)
  bytes.set(key, 0)
  bytes.writeBigInt64BE(BigInt(atMs), key.byteLength)
  bytes.writeInt32BE(sequence, key.byteLength + 8)
  return bytes
}

export function splitWindowedKey(bytes: Uint8Array): { key: Uint8Array; atMs: number; sequence: number } {
  const view = asBuffer(bytes)
  const length = view.byteLength - 12
  return {
    key: view.subarray(0, length),
    atMs: Number(view.readBigInt64BE(length)),
    sequence: view.readInt32BE(length + 8),
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
