import { KeyMap } from './key-map.ts'
import {
  type ChangeSink,
  type StateStore,
  type StoreRow,
  type StoreSerdes,
  serializeNullable,
  sortedByKey,
} from './store.ts'
import type { Waiting } from './waiting-store.ts'
import { asBuffer, splitWindowedKey, windowedKey } from './window-store.ts'

/** A record that one side of a stream-stream join keeps. */
export interface Kept {
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
  /** Order of arrival within the side. */
  readonly sequence: number
  /** Set while it is unmatched and its side is optional. */
  waiting: Waiting | undefined
}

/**
 * One side's records, by key, in order of time, then arrival. A record is visible while it lies above (largest time put) −
 * retention; older ones are dropped bucket by bucket.
 */
export class JoinStore implements StateStore {
  readonly name: string
  readonly #serdes: StoreSerdes
  readonly #retentionMs: number
  readonly #bucketMs: number
  readonly #byKey = new KeyMap<Kept[]>()
  readonly #buckets = new Map<number, Kept[]>()
  #timeMax = -1
  #bucketMin = 0
  #nextSequence = 0
  #dirty: { kept: Kept; gone: boolean }[] = []

  constructor(name: string, serdes: StoreSerdes, retentionMs: number) {
    this.name = name
    this.#serdes = serdes
    this.#retentionMs = retentionMs
    this.#bucketMs = Math.max(1, Math.ceil(retentionMs / 8))
  }

  put(key: unknown, value: unknown, timestampMs: number): Kept {
    const kept: Kept = { key, value, timestampMs, sequence: this.#nextSequence++, waiting: undefined }
    if (timestampMs > this.#timeMax) {
      this.#timeMax = timestampMs
      this.#expire()
    }
    if (this.#visible(timestampMs)) {
      this.#add(kept)
      this.#dirty.push({ kept, gone: false })
    }
    return kept
  }

  /** Visible records of the key within the bounds, both inclusive, in order of time, then arrival. */
  find(key: unknown, fromMs: number, toMs: number): readonly Kept[] {
    const list = this.#byKey.get(key)
    if (list === undefined) return nothing
    let first = lowerBound(list, fromMs)
    while (first < list.length && !this.#visible(list[first]!.timestampMs)) first++
    let end = first
    while (end < list.length && list[end]!.timestampMs <= toMs) end++
    return first === end ? nothing : list.slice(first, end)
  }

  *rows(): Iterable<StoreRow> {
    const visible = [...this.#byKey.values()].flat().filter((kept) => this.#visible(kept.timestampMs))
    for (const { key, value, timestampMs } of sortedByKey(visible, this.#serdes.key)) {
      yield { key, value, timestampMs, windowStartMs: timestampMs, windowEndMs: timestampMs }
    }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const { kept, gone } of changed) {
      const key = windowedKey(this.#serdes.key.serialize(kept.key), kept.timestampMs, kept.sequence)
      emit(key, gone ? null : serializeNullable(this.#serdes.value, kept.value), kept.timestampMs)
    }
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null, timestampMs: number): void {
    const { key: plain, sequence } = splitWindowedKey(keyBytes)
    const key = this.#serdes.key.deserialize(plain)
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1)
    this.#timeMax = Math.max(this.#timeMax, timestampMs)
    const list = this.#byKey.get(key)
    const at = list ? placeIn(list, timestampMs, sequence) : -1
    if (valueBytes === null) {
      if (list && at >= 0) list.splice(at, 1)
      return
    }
    // A restore that was cut off begins again from the start.
    if (at >= 0) return
    const value = this.#serdes.value.deserialize(valueBytes)
    this.#add({ key, value, timestampMs, sequence, waiting: undefined })
  }

  #visible(timestampMs: number): boolean {
    return timestampMs > this.#timeMax - this.#retentionMs
  }

  #add(kept: Kept): void {
    const list = this.#byKey.get(kept.key)
    if (list === undefined) this.#byKey.set(kept.key, [kept])
    else {
      let at = list.length
      while (at > 0 && list[at - 1]!.timestampMs > kept.timestampMs) at--
      list.splice(at, 0, kept)
    }
    const bucket = Math.floor(kept.timestampMs / this.#bucketMs)
    const members = this.#buckets.get(bucket)
    if (members !== undefined) members.push(kept)
    else {
      if (this.#buckets.size === 0 || bucket < this.#bucketMin) this.#bucketMin = bucket
      this.#buckets.set(bucket, [kept])
    }
  }

  #expire(): void {
    const bucketLimit = Math.floor((this.#timeMax - this.#retentionMs) / this.#bucketMs)
    if (this.#buckets.size === 0 || this.#bucketMin >= bucketLimit) return
    let bucketMin = Number.POSITIVE_INFINITY
    for (const [bucket, members] of this.#buckets) {
      if (bucket >= bucketLimit) {
        bucketMin = Math.min(bucketMin, bucket)
        continue
      }
      this.#buckets.delete(bucket)
      for (const kept of members) this.#drop(kept)
    }
    this.#bucketMin = bucketMin
  }

  #drop(kept: Kept): void {
    const list = this.#byKey.get(kept.key)
    const at = list?.indexOf(kept) ?? -1
    if (at < 0) return
    list!.splice(at, 1)
    if (list!.length === 0) this.#byKey.delete(kept.key)
    this.#dirty.push({ kept, gone: true })
  }
}

const nothing: readonly Kept[] = []

function lowerBound(list: readonly Kept[], fromMs: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]!.timestampMs < fromMs) low = middle + 1
    else high = middle
  }
  return low
}

/** Among records in order of time, then sequence: a key may have very many. −1: it is not there. */
function placeIn(list: readonly Kept[], timestampMs: number, sequence: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const kept = list[middle]!
    const isBefore =
      kept.timestampMs === timestampMs ? kept.sequence < sequence : kept.timestampMs < timestampMs
    if (isBefore) low = middle + 1
    else high = middle
  }
  const found = list[low]
  return found?.timestampMs === timestampMs && found.sequence === sequence ? low : -1
}

/** The changelog's value for a number of milliseconds. */
export function encodeTime(timeMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(BigInt(timeMs), 0)
  return bytes
}

export function decodeTime(bytes: Uint8Array): number {
  return Number(asBuffer(bytes).readBigInt64BE(0))
}
