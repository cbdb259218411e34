import { KeyMap } from './key-map.ts'
import {
  type ChangeSink,
  type StateStore,
  type StoreRow,
  type StoreSerdes,
  serializeNullable,
  sortedByKey,
} from './store.ts'
import { TimeHeap } from './time-heap.ts'
import type { WindowBounds, WindowKeyCodec } from './window-keys.ts'
import { asBuffer } from './window-store.ts'

/** The aggregate of one key in one window, both of whose bounds belong to it. */
export interface Span extends WindowBounds {
  readonly key: unknown
  /** The bound by which spans are ordered and forgotten. */
  readonly timeMs: number
  value: unknown
  timestampMs: number
  dirty: boolean
  gone: boolean
}

interface SpanShape {
  /** Sessions are ordered and forgotten by their end, sliding windows by their start. */
  readonly orderedBy: 'start' | 'end'
  readonly keys: WindowKeyCodec
  readonly retentionMs: number
  /** Sliding windows of `on-window-close` stay one instant longer, as the oracle's do. */
  readonly keepsBoundary: boolean
  /** Someone asks for `closing`. */
  readonly closes: boolean
}

/**
 * Aggregates by key and window where windows lie anywhere: sessions and sliding windows. A span is visible while its time lies
 * above (largest time put) − retention; sessions that nobody sees any more may still be emitted when they close. In the changelog the empty key holds the operator's own times, as in `WindowStore`.
 */
export class SpanStore implements StateStore {
  readonly name: string
  /** Stream time of the operator that owns the store. */
  streamTimeMs = -1
  /** Up to where the owner has emitted closed windows, in its own terms. */
  closedUpToMs = -1

  readonly #serdes: StoreSerdes
  readonly #shape: SpanShape
  /** Each key's spans in order of time. */
  readonly #byKey = new KeyMap<Span[]>()
  readonly #forgetting = new TimeHeap<Span>()
  readonly #closing = new TimeHeap<Span>()
  #timeMax = -1
  #dirty: Span[] = []
  #savedTimes = timesBytes(-1, -1, -1)

  constructor(name: string, serdes: StoreSerdes, shape: SpanShape) {
    this.name = name
    this.#serdes = serdes
    this.#shape = shape
  }

  /** Visible spans of the key whose time is at least `fromMs` and whose start is at most `startMaxMs`, in order of time. */
  find(key: unknown, fromMs: number, startMaxMs: number): readonly Span[] {
    const list = this.#byKey.get(key)
    if (list === undefined) return nothing
    const found: Span[] = []
    for (let at = lowerBound(list, fromMs); at < list.length; at++) {
      const span = list[at]!
      if (!this.#visible(span.timeMs)) continue
      // Visible sessions of a key do not overlap: they are in order of their starts, too.
      if (span.windowStartMs > startMaxMs) break
      found.push(span)
    }
    return found
  }

  /** null deletes. What retention has passed is not kept. */
  put(key: unknown, bounds: WindowBounds, value: unknown, timestampMs: number): void {
    const timeMs = this.#timeOf(bounds)
    if (timeMs > this.#timeMax) this.#timeMax = timeMs
    if (timeMs <= this.#lostUpToMs()) return
    const known = this.#known(key, timeMs, bounds)
    if (known === undefined) {
      if (value !== null && value !== undefined) this.#touch(this.#add(key, bounds, value, timestampMs))
    } else if (value === null || value === undefined) this.remove(known)
    else {
      known.value = value
      known.timestampMs = timestampMs
      this.#touch(known)
    }
  }

  remove(span: Span): void {
    if (span.gone) return
    this.#drop(span)
    this.#forgetting.noteGone()
    if (this.#shape.closes) this.#closing.noteGone()
    this.#touch(span)
  }

  /** Gives, once, the spans whose time lies within the bounds, both inclusive, by time, then start, then key. */
  closing(fromMs: number, toMs: number): readonly Span[] {
    const lostUpToMs = this.#lostUpToMs()
    const spans = this.#closing.takeUpTo(toMs).filter(({ timeMs }) => timeMs >= fromMs && timeMs > lostUpToMs)
    // A stable sort: spans of one time and start stay in order of their keys.
    return sortedByKey(spans, this.#serdes.key).sort(
      (a, b) => a.timeMs - b.timeMs || a.windowStartMs - b.windowStartMs,
    )
  }

  /** Drops what is no longer visible, nor will be asked for by `closing`. */
  expire(): void {
    const lostUpToMs = this.#lostUpToMs()
    const passedMs = Math.min(this.#limitMs(), this.closedUpToMs - 1)
    for (const span of this.#forgetting.takeUpTo(Math.max(lostUpToMs, passedMs))) {
      this.#drop(span)
      if (this.#shape.closes) this.#closing.noteGone()
      this.#touch(span)
    }
  }

  *rows(): Iterable<StoreRow> {
    const visible = [...this.#byKey.values()].flat().filter(({ timeMs }) => this.#visible(timeMs))
    visible.sort((a, b) => a.windowStartMs - b.windowStartMs || a.windowEndMs - b.windowEndMs)
    for (const span of sortedByKey(visible, this.#serdes.key)) {
      const { key, windowStartMs, windowEndMs, value, timestampMs } = span
      yield { key, windowStartMs, windowEndMs, value, timestampMs }
    }
  }

  drainChanges(emit: ChangeSink): void {
    const changed = this.#dirty
    this.#dirty = []
    for (const span of changed) {
      span.dirty = false
      const key = this.#shape.keys.encode(this.#serdes.key.serialize(span.key), span)
      const value = span.gone ? null : serializeNullable(this.#serdes.value, span.value)
      emit(key, value, span.timestampMs)
    }
    const times = timesBytes(this.streamTimeMs, this.closedUpToMs, this.#timeMax)
    if (times.equals(this.#savedTimes)) return
    this.#savedTimes = times
    emit(timesKey, times, Math.max(0, this.streamTimeMs))
  }

  restore(keyBytes: Uint8Array, valueBytes: Uint8Array | null, timestampMs: number): void {
    if (keyBytes.byteLength === 0) {
      if (valueBytes !== null) this.#restoreTimes(asBuffer(valueBytes))
      return
    }
    const { key: plain, ...bounds } = this.#shape.keys.decode(keyBytes)
    const key = this.#serdes.key.deserialize(plain)
    const timeMs = this.#timeOf(bounds)
    if (timeMs > this.#timeMax) this.#timeMax = timeMs
    const known = this.#known(key, timeMs, bounds)
    if (known !== undefined) {
      this.#drop(known)
      this.#forgetting.noteGone()
      if (this.#shape.closes) this.#closing.noteGone()
    }
    if (valueBytes !== null) this.#add(key, bounds, this.#serdes.value.deserialize(valueBytes), timestampMs)
  }

  #restoreTimes(bytes: Buffer): void {
    this.streamTimeMs = Number(bytes.readBigInt64BE(0))
    this.closedUpToMs = Number(bytes.readBigInt64BE(8))
    this.#timeMax = Math.max(this.#timeMax, Number(bytes.readBigInt64BE(16)))
    this.#savedTimes = Buffer.from(bytes)
  }

  #timeOf({ windowStartMs, windowEndMs }: WindowBounds): number {
    return this.#shape.orderedBy === 'start' ? windowStartMs : windowEndMs
  }

  /** Up to here, inclusive, spans are not even emitted when they close. Of sessions the oracle forgets whole segments only. */
  #lostUpToMs(): number {
    if (this.#shape.orderedBy === 'start' || !this.#shape.closes) return this.#limitMs()
    const { retentionMs } = this.#shape
    const segmentMs = Math.max(Math.floor(retentionMs / 2), segmentMsMin)
    return Math.floor((this.#timeMax - retentionMs) / segmentMs) * segmentMs - 1
  }

  /** Up to here, inclusive, spans are not visible. */
  #limitMs(): number {
    const limitMs = this.#timeMax - this.#shape.retentionMs
    return this.#shape.keepsBoundary ? limitMs - 1 : limitMs
  }

  #visible(timeMs: number): boolean {
    return timeMs > this.#limitMs()
  }

  #known(key: unknown, timeMs: number, bounds: WindowBounds): Span | undefined {
    const list = this.#byKey.get(key)
    if (list === undefined) return undefined
    for (let at = lowerBound(list, timeMs); at < list.length && list[at]!.timeMs === timeMs; at++) {
      const span = list[at]!
      const isSame = span.windowStartMs === bounds.windowStartMs && span.windowEndMs === bounds.windowEndMs
      if (isSame) return span
    }
    return undefined
  }

  #add(key: unknown, bounds: WindowBounds, value: unknown, timestampMs: number): Span {
    const { windowStartMs, windowEndMs } = bounds
    const timeMs = this.#timeOf(bounds)
    const span = { key, windowStartMs, windowEndMs, timeMs, value, timestampMs, dirty: false, gone: false }
    const list = this.#byKey.get(key)
    if (list === undefined) this.#byKey.set(key, [span])
    else {
      let at = list.length
      while (at > 0 && list[at - 1]!.timeMs > timeMs) at--
      list.splice(at, 0, span)
    }
    this.#forgetting.push(span)
    if (this.#shape.closes) this.#closing.push(span)
    return span
  }

  #drop(span: Span): void {
    span.gone = true
    const list = this.#byKey.get(span.key)!
    list.splice(list.indexOf(span), 1)
    if (list.length === 0) this.#byKey.delete(span.key)
  }

  #touch(span: Span): void {
    if (span.dirty) return
    span.dirty = true
    this.#dirty.push(span)
  }
}

const nothing: readonly Span[] = []

/** Kafka Streams' least size of a segment. */
const segmentMsMin = 60_000

const timesKey = new Uint8Array(0)

function timesBytes(...times: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(times.length * 8)
  times.forEach((timeMs, i) => {
    bytes.writeBigInt64BE(BigInt(timeMs), i * 8)
  })
  return bytes
}

function lowerBound(list: readonly Span[], fromMs: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]!.timeMs < fromMs) low = middle + 1
    else high = middle
  }
  return low
}
