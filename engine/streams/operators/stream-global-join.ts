import type { Joiner, StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'
import { rowStore } from './table.ts'

/**
 * Each record of the stream looks up the row that `keyOf` names; the result has the record's own key. Null values are dropped, and so
 * are records that name no row, unless left.
 */
export function streamGlobalJoin(
  type: 'inner' | 'left',
  storeName: string,
  keyOf: (record: StreamRecord) => unknown,
  joiner: Joiner<unknown, unknown, unknown, unknown>,
) {
  return (setup: StepSetup): StepLogic => {
    const rows = rowStore(setup.store(storeName))
    return {
      process(record) {
        const rowKey = keyOf(record) ?? null
        if (record.value === null || (rowKey === null && type === 'inner')) {
          setup.dropped()
          return
        }
        const right = rowKey === null ? null : (rows.get(rowKey)?.value ?? null)
        if (right === null && type === 'inner') return
        const value = joiner(record.value, right, record.key) ?? null
        setup.forward(makeRecord(record.key, value, record.timestampMs, record.headers))
      },
    }
  }
}
