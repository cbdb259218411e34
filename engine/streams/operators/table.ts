import { assert } from '../../base/assert.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import { RowStore } from '../stores/row-store.ts'
import type { StateStore } from '../stores/store.ts'
import { VersionedStore } from '../stores/versioned-store.ts'
import type { TableInfo } from '../table-info.ts'

/** A topic or a stream as a table: each record is an update of its key's row, in order of arrival. Null keys are dropped. */
export function table(info: TableInfo) {
  return (setup: StepSetup): StepLogic => {
    if (info.historyMs !== undefined) return versionedTable(setup, info.store!)
    const store = info.store === undefined ? undefined : rowStore(setup.store(info.store))
    return {
      process(record) {
        if (record.key === null) {
          setup.dropped()
          return
        }
        const oldValue = store === undefined ? undefined : (store.get(record.key)?.value ?? null)
        store?.put(record.key, record.value, record.timestampMs)
        setup.forward(
          makeRecord(record.key, new Change(record.value, oldValue), record.timestampMs, record.headers),
        )
      },
    }
  }
}

/** Each record is a version of its row, valid from its timestamp. Those from before the history are dropped. */
function versionedTable(setup: StepSetup, storeName: string): StepLogic {
  const store = setup.store(storeName)
  assert(store instanceof VersionedStore, `store ${storeName} keeps versions`)
  return {
    process(record) {
      if (record.key === null) {
        setup.dropped()
        return
      }
      const oldValue = store.get(record.key)?.value ?? null
      const placed = store.put(record.key, record.value, record.timestampMs)
      if (placed === 'expired') {
        setup.dropped()
        return
      }
      const change = new Change(record.value, oldValue, placed === 'latest')
      setup.forward(makeRecord(record.key, change, record.timestampMs, record.headers))
    },
  }
}

export function rowStore(store: StateStore): RowStore {
  assert(store instanceof RowStore, `store ${store.name} keeps rows`)
  return store
}
