import { assert } from '../../base/assert.ts'
import type { Aggregator, Emit, Headers, StreamRecord, TimeWindowSpec } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import { type WindowRow, WindowStore } from '../stores/window-store.ts'

interface WindowAggregateSpec {
  readonly window: TimeWindowSpec
  readonly emit: Emit
  readonly storeName: string
  readonly aggregator: Aggregator<unknown, unknown, unknown, unknown>
}

/**
 * A row per key and window [start, start + size). A window is closed when its end ≤ stream time − grace, stream time being the
 * largest timestamp that reached this step: what comes for a closed window is dropped, one count per window. Null keys are
 * dropped, null values are not.
 */
export function windowAggregate(spec: WindowAggregateSpec) {
  return (setup: StepSetup): StepLogic => new WindowAggregate(setup, spec)
}

class WindowAggregate implements StepLogic {
  readonly #setup: StepSetup
  readonly #store: WindowStore
  readonly #aggregator: WindowAggregateSpec['aggregator']
  readonly #emitsUpdates: boolean
  readonly #sizeMs: number
  readonly #advanceMs: number
  readonly #graceMs: number

  constructor(setup: StepSetup, { window, emit, storeName, aggregator }: WindowAggregateSpec) {
    const store = setup.store(storeName)
    assert(store instanceof WindowStore, `store ${storeName} keeps windows`)
    this.#setup = setup
    this.#store = store
    this.#aggregator = aggregator
    this.#emitsUpdates = emit === 'on-update'
    this.#sizeMs = window.sizeMs
    this.#advanceMs = window.type === 'hopping' ? window.advanceMs : window.sizeMs
    this.#graceMs = window.graceMs
  }

  process(record: StreamRecord): void {
    if (record.key === null) {
      this.#setup.dropped()
      return
    }
    const store = this.#store
    const { timestampMs } = record
    if (timestampMs > store.streamTimeMs) store.streamTimeMs = timestampMs
    const closeMs = store.streamTimeMs - this.#graceMs
    const firstMs = (Math.floor((timestampMs - this.#sizeMs) / this.#advanceMs) + 1) * this.#advanceMs
    for (let startMs = Math.max(0, firstMs); startMs <= timestampMs; startMs += this.#advanceMs) {
      if (startMs + this.#sizeMs <= closeMs) this.#setup.dropped()
      else this.#update(record, startMs)
    }
    if (!this.#emitsUpdates && closeMs > store.closedUpToMs) {
      for (const row of store.closing(store.closedUpToMs, closeMs)) {
        this.#forward(
          row.key,
          row.windowStartMs,
          this.#shown(row.value),
          null,
          row.timestampMs,
          record.headers,
        )
      }
      store.closedUpToMs = closeMs
    }
    store.expire()
  }

  #update(record: StreamRecord, startMs: number): void {
    const row: WindowRow | undefined = this.#store.get(record.key, startMs)
    const before = row === undefined ? this.#aggregator.init() : row.value
    const oldShown = this.#shown(before ?? null)
    const timestampMs = row === undefined ? record.timestampMs : Math.max(row.timestampMs, record.timestampMs)
    const after = this.#aggregator.add(before, record.value, record.key) ?? null
    this.#store.put(record.key, startMs, after, timestampMs)
    if (this.#emitsUpdates) {
      this.#forward(record.key, startMs, this.#shown(after), oldShown, timestampMs, record.headers)
    }
  }

  #shown(kept: unknown): unknown {
    const { result } = this.#aggregator
    return result === undefined || kept === null ? kept : result(kept)
  }

  #forward(
    key: unknown,
    windowStartMs: number,
    newValue: unknown,
    oldValue: unknown,
    timestampMs: number,
    headers: Headers,
  ): void {
    const windowed = { key, windowStartMs, windowEndMs: windowStartMs + this.#sizeMs }
    this.#setup.forward(makeRecord(windowed, new Change(newValue, oldValue), timestampMs, headers))
  }
}
