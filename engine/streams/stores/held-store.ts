import type { Headers, StreamRecord } from '../api.ts'
import { makeRecord } from '../record.ts'
import { decodeTime, encodeTime } from './join-store.ts'
import {
  type ChangeSink,
  type StateStore,
  type StoreRow,
  type StoreSerdes,
  serializeNullable,
} from './store.ts'
import { asBuffer } from './window-store.ts'

interface Held {
  readonly record: StreamRecord
  readonly keyBytes: Uint8Array
  /** Order of arrival. */
  readonly sequence: number
  /** The changelog has it. */
  written: boolean
  gone: boolean
}

/**
 * Records that wait for their time, in order of time, key, arrival. The changelog's key is time (int64), arrival (int32), a 1 and the
 * key's bytes, or a 0 for no key; its value the length of the headers' JSON (int32), that JSON, and the value's bytes. The empty key
 * holds the stream time of the step.
 */
export class HeldStore implements StateStore {
  readonly name: string
  streamTimeMs = -1
  readonly #serdes: StoreSerdes
  #ordered: Held[] = []
  #nextSequence = 0
  #dirty = new Set<Held>()
  #savedStreamTimeMs = -1

  constructor(name: string, serdes: StoreSerdes) {
    this.name = name
    this.#serdes = serdes
  }

  add(record: StreamRecord): void {
    const keyBytes = serializeNullable(this.#serdes.key, record.key) ?? noKey
    const held = { record, keyBytes, sequence: this.#nextSequence++, written: false, gone: false }
    this.#ordered.splice(this.#placeOf(held), 0, held)
    this.#dirty.add(held)
  }

  /** Takes out what lies at this time or before, in order. */
  takeUpTo(timeMs: number): StreamRecord[] {
    let count = 0
    while (count < this.#ordered.length && this.#ordered[count]!.record.timestampMs <= timeMs) count++
    if (count === 0) return []
    const taken = this.#ordered.splice(0, count)
    for (const held of taken) {
      held.gone = true
      this.#dirty.add(held)
    }
    return taken.map(({ record }) => record)
  }

  *rows(): Iterable<StoreRow> {
    for (const { record } of this.#ordered) {
      const { key, value, timestampMs } = record
      yield { key, value, timestampMs }
    }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = new Set()
    for (const held of changed) {
      if (held.gone && !held.written) continue
      held.written = true
      const value = held.gone ? null : this.#encode(held.record)
      emit(changelogKey(held), value, held.record.timestampMs)
    }
    if (this.streamTimeMs === this.#savedStreamTimeMs) return
    this.#savedStreamTimeMs = this.streamTimeMs
    emit(streamTimeKey, encodeTime(this.streamTimeMs), this.streamTimeMs)
  }

  restore(bytes: Uint8Array, valueBytes: Uint8Array | null): void {
    if (bytes.byteLength === 0) {
      if (valueBytes !== null) this.streamTimeMs = this.#savedStreamTimeMs = decodeTime(valueBytes)
      return
    }
    const view = asBuffer(bytes)
    const timestampMs = Number(view.readBigInt64BE(0))
    const sequence = view.readInt32BE(8)
    const keyBytes = view.subarray(13)
    if (sequence >= this.#nextSequence) this.#nextSequence = sequence + 1
    const key = view.readUInt8(12) === 0 ? null : this.#serdes.key.deserialize(keyBytes)
    const { value, headers } =
      valueBytes === null ? { value: null, headers: [] } : this.#decode(asBuffer(valueBytes))
    const record = makeRecord(key, value, timestampMs, headers)
    const held = { record, keyBytes, sequence, written: true, gone: false }
    const at = this.#placeOf(held)
    const isThere = this.#ordered[at - 1]?.sequence === sequence
    if (valueBytes === null) {
      if (isThere) this.#ordered.splice(at - 1, 1)
    } else if (!isThere) {
      this.#ordered.splice(at, 0, held)
    }
  }

  #placeOf(held: Held): number {
    let low = 0
    let high = this.#ordered.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(this.#ordered[middle]!, held) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #encode({ headers, value }: StreamRecord): Buffer {
    const texts = headers.map(([name, bytes]) => [name, bytes && Buffer.from(bytes).toString('base64')])
    const text = Buffer.from(JSON.stringify(texts))
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(text.byteLength, 0)
    return Buffer.concat([length, text, this.#serdes.value.serialize(value)])
  }

  #decode(bytes: Buffer): { readonly value: unknown; readonly headers: Headers } {
    const end = 4 + bytes.readInt32BE(0)
    const texts: [string, string | null][] = JSON.parse(bytes.subarray(4, end).toString())
    const headers = texts.map(
      ([name, text]) => [name, text === null ? null : Buffer.from(text, 'base64')] as const,
    )
    return { value: this.#serdes.value.deserialize(bytes.subarray(end)), headers }
  }
}

const streamTimeKey = new Uint8Array(0)
const noKey = new Uint8Array(0)

function compare(a: Held, b: Held): number {
  if (a.record.timestampMs !== b.record.timestampMs) return a.record.timestampMs - b.record.timestampMs
  return Buffer.compare(a.keyBytes, b.keyBytes) || a.sequence - b.sequence
}

function changelogKey({ record, sequence, keyBytes }: Held): Buffer {
  const bytes = Buffer.allocUnsafe(13 + keyBytes.byteLength)
  bytes.writeBigInt64BE(BigInt(record.timestampMs), 0)
  bytes.writeInt32BE(sequence, 8)
  bytes.writeUInt8(record.key === null ? 0 : 1, 12)
  bytes.set(keyBytes, 13)
  return bytes
}
