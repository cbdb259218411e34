import type { Aggregator } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import { rowStore } from './table.ts'

/** A row per key. Null keys and null values are dropped; the result carries the largest timestamp seen for its key. */
export function aggregate(storeName: string, aggregator: Aggregator<unknown, unknown, unknown, unknown>) {
  const { init, add, result } = aggregator
  const shown = (kept: unknown) => (result === undefined || kept === null ? kept : result(kept))
  return (setup: StepSetup): StepLogic => {
    const store = rowStore(setup.store(storeName))
    return {
      process(record) {
        if (record.key === null || record.value === null) {
          setup.dropped()
          return
        }
        const row = store.get(record.key)
        const before = row === undefined ? init() : row.value
        // The oracle shows the initial value, not absence, as the old value of a row's first update.
        const oldShown = shown(before ?? null)
        const timestampMs =
          row === undefined ? record.timestampMs : Math.max(row.timestampMs, record.timestampMs)
        const after = add(before, record.value, record.key) ?? null
        store.put(record.key, after, timestampMs)
        setup.forward(makeRecord(record.key, new Change(shown(after), oldShown), timestampMs, record.headers))
      },
    }
  }
}
