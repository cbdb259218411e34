import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import type { TableInfo } from '../table-info.ts'
import { rowStore } from './table.ts'
import { changeOf } from './to-stream.ts'

/** Deletions pass; the function is not called for them. */
export function tableMapValues(info: TableInfo, fn: (value: unknown, key: unknown) => unknown) {
  return (setup: StepSetup): StepLogic => {
    const store = info.store === undefined ? undefined : rowStore(setup.store(info.store))
    const mapped = (value: unknown, key: unknown) => (value === null ? null : (fn(value, key) ?? null))
    const oldOf = (change: Change, key: unknown) =>
      change.oldValue === undefined || !info.oldWanted ? undefined : mapped(change.oldValue, key)
    return {
      process(record) {
        const change = changeOf(record)
        const newValue = mapped(change.newValue, record.key)
        const oldValue =
          store !== undefined ? (store.get(record.key)?.value ?? null) : oldOf(change, record.key)
        store?.put(record.key, newValue, record.timestampMs)
        setup.forward(
          makeRecord(
            record.key,
            new Change(newValue, oldValue, store !== undefined || change.isLatest),
            record.timestampMs,
            record.headers,
          ),
        )
      },
    }
  }
}
