import type { Serde } from '../api.ts'
import { decodeTime, encodeTime, type Kept } from './join-store.ts'
import { type ChangeSink, type StateStore, type StoreRow, serializeNullable } from './store.ts'
import { asBuffer } from './window-store.ts'

export type JoinSide = 'left' | 'right'

/** An unmatched record of an optional side. */
export interface Waiting {
  readonly side: JoinSide
  readonly key: unknown
  readonly keyBytes: Uint8Array
  readonly value: unknown
  readonly timestampMs: number
  readonly sequence: number
  gone: boolean
}

/**
 * Unmatched records in the order in which they are given up: time, right before left, key, arrival. The changelog's key is
 * time (int64), side (0 right, 1 left), sequence (int32), key; the empty key holds the join's stream time.
 */
export class WaitingStore implements StateStore {
  readonly name: string
  /** The join's, of both sides together. */
  streamTimeMs = -1
  /** At most the smallest time that waits, as far as it is known; see `StreamStreamJoin`. */
  low = Number.POSITIVE_INFINITY

  readonly #key: Serde<unknown>
  readonly #values: Readonly<Record<JoinSide, Serde<unknown>>>
  #ordered: Waiting[] = []
  #goneCount = 0
  #dirty = new Set<Waiting>()
  #savedStreamTimeMs = -1

  constructor(name: string, key: Serde<unknown>, values: Readonly<Record<JoinSide, Serde<unknown>>>) {
    this.name = name
    this.#key = key
    this.#values = values
  }

  add(side: JoinSide, kept: Kept): Waiting {
    const { key, value, timestampMs, sequence } = kept
    const keyBytes = this.#key.serialize(key)
    const entry: Waiting = { side, key, keyBytes, value, timestampMs, sequence, gone: false }
    this.#insert(entry)
    this.#dirty.add(entry)
    if (timestampMs < this.low) this.low = timestampMs
    return entry
  }

  /** It was matched or given up. */
  remove(entry: Waiting): void {
    if (entry.gone) return
    entry.gone = true
    this.#goneCount++
    this.#dirty.add(entry)
    if (this.#goneCount > 32 && this.#goneCount * 2 > this.#ordered.length) this.compact()
  }

  /** In order; the caller may remove what it is given, and calls `compact` afterwards. */
  *visit(): Iterable<Waiting> {
    for (const entry of this.#ordered) if (!entry.gone) yield entry
  }

  compact(): void {
    if (this.#goneCount === 0) return
    this.#ordered = this.#ordered.filter((entry) => !entry.gone)
    this.#goneCount = 0
  }

  *rows(): Iterable<StoreRow> {
    for (const { key, value, timestampMs } of this.visit()) yield { key, value, timestampMs }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = new Set()
    for (const entry of changed) {
      const value = entry.gone ? null : serializeNullable(this.#values[entry.side], entry.value)
      emit(changelogKey(entry), value, entry.timestampMs)
    }
    if (this.streamTimeMs === this.#savedStreamTimeMs) return
    this.#savedStreamTimeMs = this.streamTimeMs
    emit(streamTimeKey, encodeTime(this.streamTimeMs), this.streamTimeMs)
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null): void {
    if (keyBytes.byteLength === 0) {
      if (valueBytes !== null) this.streamTimeMs = this.#savedStreamTimeMs = decodeTime(valueBytes)
      return
    }
    const view = asBuffer(keyBytes)
    const timestampMs = Number(view.readBigInt64BE(0))
    const side: JoinSide = view.readUInt8(8) === 1 ? 'left' : 'right'
    const sequence = view.readInt32BE(9)
    const plain = view.subarray(13)
    const known = this.#ordered.find(
      (entry) => entry.sequence === sequence && entry.side === side && entry.timestampMs === timestampMs,
    )
    if (valueBytes === null) {
      if (known !== undefined) this.#ordered.splice(this.#ordered.indexOf(known), 1)
      return
    }
    if (known !== undefined) return
    const key = this.#key.deserialize(plain)
    const value = this.#values[side].deserialize(valueBytes)
    this.#insert({
      side,
      key,
      keyBytes: plain,
      value,
      timestampMs,
      sequence,
      gone: false,
    })
    if (timestampMs < this.low) this.low = timestampMs
  }

  #insert(entry: Waiting): void {
    let low = 0
    let high = this.#ordered.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(this.#ordered[middle]!, entry) <= 0) low = middle + 1
      else high = middle
    }
    this.#ordered.splice(low, 0, entry)
  }
}

const streamTimeKey = new Uint8Array(0)

function compare(a: Waiting, b: Waiting): number {
  if (a.timestampMs !== b.timestampMs) return a.timestampMs - b.timestampMs
  if (a.side !== b.side) return a.side === 'right' ? -1 : 1
  return Buffer.compare(a.keyBytes, b.keyBytes) || a.sequence - b.sequence
}

function changelogKey({ timestampMs, side, sequence, keyBytes }: Waiting): Buffer {
  const bytes = Buffer.allocUnsafe(13 + keyBytes.byteLength)
  bytes.writeBigInt64BE(BigInt(timestampMs), 0)
  bytes.writeUInt8(side === 'left' ? 1 : 0, 8)
  bytes.writeInt32BE(sequence, 9)
  bytes.set(keyBytes, 13)
  return bytes
}
