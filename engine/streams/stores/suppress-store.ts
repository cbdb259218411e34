import type { Headers } from '../api.ts'
import { KeyMap } from './key-map.ts'
import {
  type ChangeSink,
  type StateStore,
  type StoreRow,
  type StoreSerdes,
  serializeNullable,
} from './store.ts'
import { TimeHeap } from './time-heap.ts'
import { asBuffer } from './window-store.ts'

/** The latest update of a key that is held back. */
export interface HeldBack {
  readonly key: unknown
  readonly keyBytes: Uint8Array
  /** What it is due by; that of the first update that waited. */
  readonly timeMs: number
  /** The value that those behind the suppression still see. */
  readonly priorValue: unknown
  newValue: unknown
  oldValue: unknown
  timestampMs: number
  headers: Headers
  bytes: number
  gone: boolean
  dirty: boolean
}

export type Update = Pick<HeldBack, 'newValue' | 'oldValue' | 'timestampMs' | 'headers'>

/**
 * Updates that are held back, in order of time, then of the key's bytes. The changelog's key is the key's bytes (of a window: as in
 * its table's changelog); its value is the time and the timestamp as int64, then, each after its length as int32 (−1: absent),
 * the value before, the old and the new value, and names and values of the headers. The empty key holds the stream time.
 */
export class SuppressStore implements StateStore {
  readonly name: string
  /** Of the updates that reached the suppression. */
  streamTimeMs = -1
  readonly #serdes: StoreSerdes
  readonly #countsBytes: boolean
  readonly #byKey = new KeyMap<HeldBack>()
  readonly #ordered = new TimeHeap<HeldBack>(compare)
  #bytes = 0
  #dirty: HeldBack[] = []
  #savedStreamTimeMs = -1

  constructor(name: string, serdes: StoreSerdes, countsBytes: boolean) {
    this.name = name
    this.#serdes = serdes
    this.#countsBytes = countsBytes
  }

  get size(): number {
    return this.#byKey.size
  }

  /** 0 when nobody asked for bytes to be counted. */
  get bytes(): number {
    return this.#bytes
  }

  get first(): HeldBack | undefined {
    // What a restore replaced may still be in front.
    while (this.#ordered.first?.gone === true) this.#ordered.takeFirst()
    return this.#ordered.first
  }

  get(key: unknown): HeldBack | undefined {
    return this.#byKey.get(key)
  }

  put(key: unknown, timeMs: number, update: Update): void {
    let held = this.#byKey.get(key)
    if (held === undefined) {
      const keyBytes = this.#serdes.key.serialize(key)
      held = this.#add({ key, keyBytes, timeMs, priorValue: update.oldValue, ...update })
    } else Object.assign(held, update)
    const bytes = this.#countsBytes ? this.#bytesOf(held) : 0
    this.#bytes += bytes - held.bytes
    held.bytes = bytes
    this.#touch(held)
  }

  takeFirst(): void {
    const held = this.#ordered.takeFirst()
    this.#byKey.delete(held.key)
    this.#bytes -= held.bytes
    held.gone = true
    this.#touch(held)
  }

  *rows(): Iterable<StoreRow> {
    const all = [...this.#byKey.values()].sort((a, b) => Buffer.compare(a.keyBytes, b.keyBytes))
    for (const { key, newValue, timestampMs } of all) yield { key, value: newValue, timestampMs }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const held of changed) {
      held.dirty = false
      emit(held.keyBytes, held.gone ? null : this.#encode(held), held.timestampMs)
    }
    if (this.streamTimeMs === this.#savedStreamTimeMs) return
    this.#savedStreamTimeMs = this.streamTimeMs
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(BigInt(this.streamTimeMs))
    emit(streamTimeKey, bytes, this.streamTimeMs)
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null): void {
    if (keyBytes.byteLength === 0) {
      if (valueBytes === null) return
      this.streamTimeMs = this.#savedStreamTimeMs = Number(asBuffer(valueBytes).readBigInt64BE(0))
      return
    }
    const key = this.#serdes.key.deserialize(keyBytes)
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.gone = true
      this.#byKey.delete(key)
      this.#bytes -= known.bytes
      this.#ordered.noteGone()
    }
    if (valueBytes === null) return
    const held = this.#add({ key, keyBytes: Buffer.from(keyBytes), ...this.#decode(asBuffer(valueBytes)) })
    if (this.#countsBytes) held.bytes = this.#bytesOf(held)
    this.#bytes += held.bytes
  }

  #add(held: Omit<HeldBack, 'bytes' | 'gone' | 'dirty'>): HeldBack {
    const added = { ...held, bytes: 0, gone: false, dirty: false }
    this.#byKey.set(held.key, added)
    this.#ordered.push(added)
    return added
  }

  #touch(held: HeldBack): void {
    if (held.dirty) return
    held.dirty = true
    this.#dirty.push(held)
  }

  #bytesOf({ keyBytes, priorValue, oldValue, newValue, headers }: HeldBack): number {
    const sizeOf = (value: unknown) => serializeNullable(this.#serdes.value, value)?.byteLength ?? 0
    const old = oldValue === priorValue ? 0 : sizeOf(oldValue)
    let bytes = fixedBytes + keyBytes.byteLength + sizeOf(priorValue) + old + sizeOf(newValue)
    for (const [name, value] of headers) bytes += name.length + (value?.byteLength ?? 0)
    return bytes
  }

  #encode({ timeMs, timestampMs, priorValue, oldValue, newValue, headers }: HeldBack): Buffer {
    const times = Buffer.allocUnsafe(16)
    times.writeBigInt64BE(BigInt(timeMs), 0)
    times.writeBigInt64BE(BigInt(timestampMs), 8)
    const parts: Buffer[] = [times]
    for (const value of [priorValue, oldValue, newValue]) {
      addPart(parts, serializeNullable(this.#serdes.value, value))
    }
    for (const [name, value] of headers) {
      addPart(parts, Buffer.from(name))
      addPart(parts, value)
    }
    return Buffer.concat(parts)
  }

  #decode(bytes: Buffer): Pick<HeldBack, 'timeMs' | 'priorValue'> & Update {
    const parts = partsOf(bytes, 16)
    const decoded = (part: Buffer | null | undefined) =>
      part === null || part === undefined ? null : this.#serdes.value.deserialize(part)
    const [prior, old, added, ...rest] = parts
    const headers: (readonly [string, Uint8Array | null])[] = []
    for (let i = 0; i + 1 < rest.length; i += 2) headers.push([String(rest[i]), rest[i + 1] ?? null])
    return {
      timeMs: Number(bytes.readBigInt64BE(0)),
      timestampMs: Number(bytes.readBigInt64BE(8)),
      priorValue: decoded(prior),
      oldValue: decoded(old),
      newValue: decoded(added),
      headers,
    }
  }
}

const streamTimeKey = new Uint8Array(0)

/** Time, timestamp, offset and partition. */
const fixedBytes = 28

function compare(a: HeldBack, b: HeldBack): number {
  return a.timeMs - b.timeMs || Buffer.compare(a.keyBytes, b.keyBytes)
}

function addPart(parts: Buffer[], bytes: Uint8Array | null): void {
  const length = Buffer.allocUnsafe(4)
  length.writeInt32BE(bytes === null ? -1 : bytes.byteLength, 0)
  parts.push(length)
  if (bytes !== null) parts.push(asBuffer(bytes))
}

function partsOf(bytes: Buffer, from: number): (Buffer | null)[] {
  const parts: (Buffer | null)[] = []
  let at = from
  while (at < bytes.byteLength) {
    const length = bytes.readInt32BE(at)
    at += 4
    parts.push(length < 0 ? null : Buffer.from(bytes.subarray(at, at + length)))
    at += Math.max(0, length)
  }
  return parts
}
