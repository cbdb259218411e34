import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import { changeOf } from './to-stream.ts'

/**
 * Rows under the keys of their groups. What stays in its group goes on as one change; what moves first leaves, then enters. Rows
 * without a group key or value belong to no group; versions of the past change none (KIP-914).
 */
export function tableGroup(fn: (value: unknown, key: unknown) => readonly [unknown, unknown]) {
  return (setup: StepSetup): StepLogic => {
    const placeOf = (value: unknown, key: unknown) => {
      if (value === null || value === undefined) return undefined
      const [group = null, grouped = null] = fn(value, key)
      return group === null || grouped === null ? undefined : { group, grouped }
    }
    const forward = (record: StreamRecord, group: unknown, change: Change) =>
      setup.forward(makeRecord(group, change, record.timestampMs, record.headers))
    return {
      process(record) {
        const change = changeOf(record)
        if (!change.isLatest) return
        const added = placeOf(change.newValue, record.key)
        const removed = placeOf(change.oldValue, record.key)
        if (added !== undefined && removed !== undefined && sameKey(added.group, removed.group)) {
          forward(record, added.group, new Change(added.grouped, removed.grouped))
          return
        }
        if (removed !== undefined) forward(record, removed.group, new Change(null, removed.grouped))
        if (added !== undefined) forward(record, added.group, new Change(added.grouped, null))
      },
    }
  }
}

function sameKey(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}
