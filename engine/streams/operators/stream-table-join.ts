import type { Joiner } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'
import type { TableInfo } from '../table-info.ts'

export const joinLeft = 0
const joinRight = 1

type AnyJoiner = Joiner<unknown, unknown, unknown, unknown>

/** Only the stream's records trigger; they see the row as it is now. Null values are dropped, null keys too unless left. */
export function streamTableJoin(type: 'inner' | 'left', info: TableInfo, joiner: AnyJoiner) {
  return (setup: StepSetup): StepLogic => {
    const lookUp = info.getter(setup)
    return {
      process(record, input) {
        if (input === joinRight) return
        if (record.value === null || (record.key === null && type === 'inner')) {
          setup.dropped()
          return
        }
        const right = record.key === null ? null : lookUp(record.key)
        if (right === null && type === 'inner') return
        const value = joiner(record.value, right, record.key) ?? null
        setup.forward(makeRecord(record.key, value, record.timestampMs, record.headers))
      },
    }
  }
}
