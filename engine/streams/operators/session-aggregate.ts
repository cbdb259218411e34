import { assert } from '../../base/assert.ts'
import type { Emit, Headers, SessionAggregator, SessionWindowSpec, StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord, noHeaders } from '../record.ts'
import { SpanStore } from '../stores/span-store.ts'
import type { WindowBounds } from '../stores/window-keys.ts'

interface SessionAggregateSpec {
  readonly window: SessionWindowSpec
  readonly emit: Emit
  readonly storeName: string
  readonly aggregator: SessionAggregator<unknown, unknown, unknown, unknown>
}

/**
 * A row per key and session, whose end is that of its last record. A record merges all sessions of its key that lie within the gap
 * of it: each gets a tombstone, even one with the bounds of the merged session. Whether it comes too late is judged on the
 * merged session: end < stream time − gap − grace. Null keys are dropped, null values are not. Updates have no headers, and the
 * session's end as timestamp.
 */
export function sessionAggregate(spec: SessionAggregateSpec) {
  return (setup: StepSetup): StepLogic => new SessionAggregate(setup, spec)
}

class SessionAggregate implements StepLogic {
  readonly #setup: StepSetup
  readonly #store: SpanStore
  readonly #aggregator: SessionAggregateSpec['aggregator']
  readonly #emitsUpdates: boolean
  readonly #gapMs: number
  readonly #graceMs: number

  constructor(setup: StepSetup, { window, emit, storeName, aggregator }: SessionAggregateSpec) {
    const store = setup.store(storeName)
    assert(store instanceof SpanStore, `store ${storeName} keeps sessions`)
    this.#setup = setup
    this.#store = store
    this.#aggregator = aggregator
    this.#emitsUpdates = emit === 'on-update'
    this.#gapMs = window.gapMs
    this.#graceMs = window.graceMs
  }

  process(record: StreamRecord): void {
    if (record.key === null) {
      this.#setup.dropped()
      return
    }
    const store = this.#store
    if (record.timestampMs > store.streamTimeMs) store.streamTimeMs = record.timestampMs
    const closeMs = store.streamTimeMs - this.#graceMs - this.#gapMs
    this.#merge(record, closeMs)
    if (!this.#emitsUpdates && closeMs > store.closedUpToMs && closeMs >= 1) {
      this.#emitClosed(closeMs, record.headers)
    }
    store.expire()
  }

  #merge({ key, value, timestampMs }: StreamRecord, closeMs: number): void {
    const { init, add, merge } = this.#aggregator
    const sessions = this.#store.find(key, timestampMs - this.#gapMs, timestampMs + this.#gapMs)
    let aggregate = init()
    let windowStartMs = timestampMs
    let windowEndMs = timestampMs
    for (const session of sessions) {
      aggregate = merge(aggregate, session.value, key)
      windowStartMs = Math.min(windowStartMs, session.windowStartMs)
      windowEndMs = Math.max(windowEndMs, session.windowEndMs)
    }
    if (windowEndMs < closeMs) {
      this.#setup.dropped()
      return
    }
    if (windowStartMs !== windowEndMs) {
      for (const session of sessions) {
        this.#store.remove(session)
        this.#update(key, session, null, session.value)
      }
    }
    const bounds = { windowStartMs, windowEndMs }
    const after = add(aggregate, value, key) ?? null
    this.#store.put(key, bounds, after, windowEndMs)
    this.#update(key, bounds, after, null)
  }

  #emitClosed(closeMs: number, headers: Headers): void {
    const store = this.#store
    const closed = store.closing(Math.max(0, store.closedUpToMs), closeMs - 1)
    store.closedUpToMs = closeMs
    for (const { key, windowStartMs, windowEndMs, value } of closed) {
      const change = new Change(this.#shown(value), null)
      this.#setup.forward(makeRecord({ key, windowStartMs, windowEndMs }, change, windowEndMs, headers))
    }
  }

  #update(key: unknown, { windowStartMs, windowEndMs }: WindowBounds, after: unknown, before: unknown): void {
    if (!this.#emitsUpdates) return
    const change = new Change(this.#shown(after), this.#shown(before))
    this.#setup.forward(makeRecord({ key, windowStartMs, windowEndMs }, change, windowEndMs, noHeaders))
  }

  #shown(kept: unknown): unknown {
    const { result } = this.#aggregator
    return result === undefined || kept === null ? kept : result(kept)
  }
}
