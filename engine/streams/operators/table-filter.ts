import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import type { TableInfo } from '../table-info.ts'
import { rowStore } from './table.ts'
import { changeOf } from './to-stream.ts'

/** A row that does not match is absent: a tombstone, unless it is known to have been absent before. */
export function tableFilter(
  info: TableInfo,
  predicate: (value: unknown, key: unknown) => boolean,
  keeps: boolean,
) {
  return (setup: StepSetup): StepLogic => {
    const store = info.store === undefined ? undefined : rowStore(setup.store(info.store))
    // What is known to have been absent may still be a new version of the past.
    const versioned = info.parent?.versionsMs !== undefined
    const kept = (value: unknown, key: unknown) =>
      value !== null && Boolean(predicate(value, key)) === keeps ? value : null
    return {
      process(record) {
        const change = changeOf(record)
        const newValue = kept(change.newValue, record.key)
        const oldValue = change.oldValue === undefined ? undefined : kept(change.oldValue, record.key)
        if (newValue === null && oldValue === null && !versioned) return
        const oldShown = store === undefined ? oldValue : (store.get(record.key)?.value ?? null)
        store?.put(record.key, newValue, record.timestampMs)
        setup.forward(
          makeRecord(
            record.key,
            new Change(newValue, oldShown, store !== undefined || change.isLatest),
            record.timestampMs,
            record.headers,
          ),
        )
      },
    }
  }
}
