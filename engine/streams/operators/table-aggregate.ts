import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import type { TableAggregator } from '../table-api.ts'
import { rowStore } from './table.ts'
import { changeOf } from './to-stream.ts'

/**
 * A row per group: the old value is subtracted if the group is there, then the new one is added, and both give one update. The result
 * carries the larger timestamp of the change and the group.
 */
export function tableAggregate(
  storeName: string,
  aggregator: TableAggregator<unknown, unknown, unknown, unknown>,
) {
  const { init, add, subtract, result } = aggregator
  const shown = (kept: unknown) => (result === undefined || kept === null ? kept : result(kept))
  return (setup: StepSetup): StepLogic => {
    const store = rowStore(setup.store(storeName))
    return {
      process(record) {
        const { key, timestampMs, headers } = record
        const { newValue, oldValue } = changeOf(record)
        const row = store.get(key)
        const before = row?.value ?? null
        const rowMs = row?.timestampMs ?? timestampMs
        let after = before
        if (oldValue !== null && before !== null) after = subtract(before, oldValue, key) ?? null
        if (newValue !== null) after = add(after ?? init(), newValue, key) ?? null
        const resultMs = Math.max(timestampMs, rowMs)
        const oldShown = shown(before)
        store.put(key, after, resultMs)
        setup.forward(makeRecord(key, new Change(shown(after), oldShown), resultMs, headers))
      },
    }
  }
}
