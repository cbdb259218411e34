/**
 * Sliding windows of difference d: [start, start + d], both ends inclusive, one for every set of a key's records that lie at most d
 * apart. A record at t updates the windows that contain it, and makes those that begin to differ by it:
 *
 * | window | when |
 * |---|---|
 * | [p + 1, p + 1 + d] | after the previous record p, if t lies in it |
 * | [t − d, t], the left window | always; for t < d the window [0, d] stands for it |
 * | [t + 1, t + 1 + d], the right window | if a known record lies in it; it has what they gave, without this record |
 *
 * Closed are windows with end < stream time − grace: they are not updated or made, one drop counted each, the right window
 * excepted. A record for which even the right window would be closed is dropped as a whole. What is known of other records is
 * read off the windows around t: no records are kept. The order of updates is the oracle's, and with it its accident that a left
 * window that is also the previous record's is emitted twice.
 */
import { assert } from '../../base/assert.ts'
import type { Aggregator, Emit, Headers, SlidingWindowSpec, StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import { type Span, SpanStore } from '../stores/span-store.ts'

interface SlidingAggregateSpec {
  readonly window: SlidingWindowSpec
  readonly emit: Emit
  readonly storeName: string
  readonly aggregator: Aggregator<unknown, unknown, unknown, unknown>
}

export function slidingAggregate(spec: SlidingAggregateSpec) {
  return (setup: StepSetup): StepLogic => new SlidingAggregate(setup, spec)
}

/** What a window has before the record is added. */
interface Before {
  readonly value: unknown
  readonly timestampMs: number
}

class SlidingAggregate implements StepLogic {
  readonly #setup: StepSetup
  readonly #store: SpanStore
  readonly #aggregator: SlidingAggregateSpec['aggregator']
  readonly #emitsUpdates: boolean
  readonly #differenceMs: number
  readonly #graceMs: number
  #closeMs = 0

  constructor(setup: StepSetup, { window, emit, storeName, aggregator }: SlidingAggregateSpec) {
    const store = setup.store(storeName)
    assert(store instanceof SpanStore, `store ${storeName} keeps windows`)
    this.#setup = setup
    this.#store = store
    this.#aggregator = aggregator
    this.#emitsUpdates = emit === 'on-update'
    this.#differenceMs = window.differenceMs
    this.#graceMs = window.graceMs
  }

  process(record: StreamRecord): void {
    if (record.key === null || record.value === null) {
      this.#setup.dropped()
      return
    }
    const store = this.#store
    const { timestampMs } = record
    if (timestampMs > store.streamTimeMs) store.streamTimeMs = timestampMs
    this.#closeMs = store.streamTimeMs - this.#graceMs
    if (timestampMs + this.#differenceMs < this.#closeMs) {
      this.#setup.dropped()
      return
    }
    if (timestampMs < this.#differenceMs) this.#processEarly(record)
    else this.#processAnywhere(record)
    if (!this.#emitsUpdates) this.#emitClosed(record.headers)
    store.expire()
  }

  /** From the latest window that begins at t + 1 or before back to the first that ends before t. */
  #processAnywhere(record: StreamRecord): void {
    const { key, timestampMs: t } = record
    const d = this.#differenceMs
    const windows = this.#store.find(key, Math.max(0, t - 2 * d), t + 1)
    const starts = new Set<number>()
    let right: Before | undefined
    let hasRight = false
    let left: Before | undefined
    let hasLeft = false
    let previousMs: number | undefined
    for (let at = windows.length - 1; at >= 0; at--) {
      const window = windows[at]!
      const before = { value: window.value, timestampMs: window.timestampMs }
      starts.add(window.windowStartMs)
      if (window.windowStartMs === t + 1) {
        hasRight = true
      } else if (window.windowEndMs > t) {
        right ??= before
        this.#update(record, window.windowStartMs, before)
      } else if (window.windowEndMs === t) {
        hasLeft = true
        this.#update(record, window.windowStartMs, before)
        // Another record at t has made all windows there are to make.
        if (before.timestampMs >= t) return
        previousMs = before.timestampMs
      } else {
        left = before
        previousMs = before.timestampMs
        break
      }
    }
    if (previousMs !== undefined && !starts.has(previousMs + 1) && previousMs + 1 + d >= t) {
      this.#update(record, previousMs + 1, undefined)
    }
    if (!hasLeft)
      this.#update(record, t - d, previousMs !== undefined && previousMs >= t - d ? left : undefined)
    if (!hasRight) this.#makeRight(record, right)
  }

  /** For t < d windows would begin below 0: [0, d] holds all such records together. */
  #processEarly(record: StreamRecord): void {
    const { key, timestampMs: t } = record
    const starts = new Set<number>()
    let combined: Before | undefined
    let right: Before | undefined
    let hasRight = false
    for (const window of this.#store.find(key, 0, t + 1)) {
      const before = { value: window.value, timestampMs: window.timestampMs }
      starts.add(window.windowStartMs)
      if (window.windowStartMs === 0) combined = before
      else if (window.windowStartMs === t + 1) hasRight = true
      else {
        right = before
        this.#update(record, window.windowStartMs, before)
      }
    }
    if (right === undefined && combined !== undefined && combined.timestampMs > t) right = combined
    if (!hasRight) this.#makeRight(record, right)
    if (combined !== undefined && combined.timestampMs < t && !starts.has(combined.timestampMs + 1)) {
      this.#update(record, combined.timestampMs + 1, undefined)
    }
    this.#update(record, 0, combined)
  }

  /** Without `before` the window begins with this record. */
  #update(record: StreamRecord, windowStartMs: number, before: Before | undefined): void {
    const bounds = { windowStartMs, windowEndMs: windowStartMs + this.#differenceMs }
    if (bounds.windowEndMs < this.#closeMs) {
      this.#setup.dropped()
      return
    }
    const { init, add } = this.#aggregator
    const old = (before === undefined ? init() : before.value) ?? null
    const after = add(old, record.value, record.key) ?? null
    const timestampMs = Math.max(record.timestampMs, before?.timestampMs ?? record.timestampMs)
    this.#store.put(record.key, bounds, after, timestampMs)
    if (this.#emitsUpdates) {
      this.#forward({ key: record.key, ...bounds }, after, old, timestampMs, record.headers)
    }
  }

  #makeRight(record: StreamRecord, known: Before | undefined): void {
    const { key, timestampMs: t, headers } = record
    if (known === undefined || known.timestampMs <= t) return
    const bounds = { windowStartMs: t + 1, windowEndMs: t + 1 + this.#differenceMs }
    this.#store.put(key, bounds, known.value, known.timestampMs)
    if (this.#emitsUpdates) this.#forward({ key, ...bounds }, known.value, null, known.timestampMs, headers)
  }

  #emitClosed(headers: Headers): void {
    const store = this.#store
    const lastStartMs = this.#closeMs - this.#differenceMs - 1
    if (this.#closeMs <= store.closedUpToMs || lastStartMs < 0) return
    const closed = store.closing(Math.max(0, store.closedUpToMs - this.#differenceMs), lastStartMs)
    store.closedUpToMs = this.#closeMs
    for (const span of closed) this.#forward(span, span.value, null, span.timestampMs, headers)
  }

  #forward(
    { key, windowStartMs, windowEndMs }: Pick<Span, 'key' | 'windowStartMs' | 'windowEndMs'>,
    after: unknown,
    before: unknown,
    timestampMs: number,
    headers: Headers,
  ): void {
    const change = new Change(this.#shown(after), this.#shown(before))
    this.#setup.forward(makeRecord({ key, windowStartMs, windowEndMs }, change, timestampMs, headers))
  }

  #shown(kept: unknown): unknown {
    const { result } = this.#aggregator
    return result === undefined || kept === null ? kept : result(kept)
  }
}
