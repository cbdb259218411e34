import type { OuterJoiner } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'
import { now, type TableInfo } from '../table-info.ts'
import { joinLeft } from './stream-table-join.ts'
import { rowStore } from './table.ts'
import { changeOf } from './to-stream.ts'

export type TableJoinType = 'inner' | 'left' | 'outer'

interface TableTableJoinSpec {
  readonly type: TableJoinType
  readonly left: TableInfo
  readonly right: TableInfo
  /** Of the join itself. */
  readonly info: TableInfo
  readonly joiner: OuterJoiner<unknown, unknown, unknown, unknown>
}

/**
 * An update of either side, joined with the other side's row as it is now. Where neither a result was there before nor is one now,
 * nothing goes on; the result has the larger timestamp of the two. Versions of the past are dropped (KIP-914).
 *
 * | type | update of | a result needs | nothing goes on when |
 * |---|---|---|---|
 * | inner | either | both rows | the other row is absent |
 * | left | left | the left row | old, new and other row are absent |
 * | left | right | the left row | the left row is absent |
 * | outer | either | one of the rows | old, new and other row are absent |
 */
export function tableTableJoin({ type, left, right, info, joiner }: TableTableJoinSpec) {
  return (setup: StepSetup): StepLogic => {
    const readLeft = left.reader(setup)
    const readRight = right.reader(setup)
    const store = info.store === undefined ? undefined : rowStore(setup.store(info.store))
    return {
      process(record, input) {
        const change = changeOf(record)
        const { key } = record
        if (!change.isLatest) {
          setup.dropped()
          return
        }
        const isLeft = input === joinLeft
        const other = (isLeft ? readRight : readLeft)(key, now)
        const needsOther = type === 'inner' || (type === 'left' && !isLeft)
        if (other === undefined) {
          if (needsOther || (change.newValue === null && change.oldValue === null)) return
        }
        const needsOwn = type === 'inner' || (type === 'left' && isLeft)
        const otherValue = other?.value ?? null
        const joined = (own: unknown) => {
          if (own === null && (needsOwn || otherValue === null)) return null
          return (isLeft ? joiner(own, otherValue, key) : joiner(otherValue, own, key)) ?? null
        }
        const newValue = joined(change.newValue)
        const oldValue = info.oldWanted ? joined(change.oldValue ?? null) : undefined
        const timestampMs = Math.max(record.timestampMs, other?.timestampMs ?? record.timestampMs)
        store?.put(key, newValue, timestampMs)
        setup.forward(makeRecord(key, new Change(newValue, oldValue), timestampMs, record.headers))
      },
    }
  }
}
