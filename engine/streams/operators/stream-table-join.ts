import { assert } from '../../base/assert.ts'
import type { Joiner, StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'
import { HeldStore } from '../stores/held-store.ts'
import type { TableInfo } from '../table-info.ts'

export const joinLeft = 0
export const joinRight = 1

type AnyJoiner = Joiner<unknown, unknown, unknown, unknown>

interface Waiting {
  readonly graceMs: number
  readonly storeName: string
}

/**
 * Only the stream's records trigger; they see the row as it is now, or, of a versioned table, as it was at their own time. Null values
 * are dropped, null keys too unless left. With grace they wait until stream time has passed their own by that much (KIP-923).
 */
export function streamTableJoin(
  type: 'inner' | 'left',
  info: TableInfo,
  joiner: AnyJoiner,
  waiting: Waiting | undefined,
) {
  return (setup: StepSetup): StepLogic => {
    const read = info.reader(setup)
    const join = (record: StreamRecord) => {
      const { key, timestampMs } = record
      const right = key === null ? null : (read(key, timestampMs)?.value ?? null)
      if (right === null && type === 'inner') return
      const value = joiner(record.value, right, key) ?? null
      setup.forward(makeRecord(key, value, timestampMs, record.headers))
    }
    const isDropped = (record: StreamRecord) => {
      if (record.value !== null && (record.key !== null || type === 'left')) return false
      setup.dropped()
      return true
    }
    if (waiting === undefined) {
      return {
        process(record, input) {
          if (input === joinLeft && !isDropped(record)) join(record)
        },
      }
    }
    return waitingJoin(setup, waiting, isDropped, join)
  }
}

function waitingJoin(
  setup: StepSetup,
  { graceMs, storeName }: Waiting,
  isDropped: (record: StreamRecord) => boolean,
  join: (record: StreamRecord) => void,
): StepLogic {
  const held = setup.store(storeName)
  assert(held instanceof HeldStore, `store ${storeName} holds records`)
  return {
    process(record, input) {
      if (input === joinRight) return
      if (record.timestampMs > held.streamTimeMs) held.streamTimeMs = record.timestampMs
      if (isDropped(record)) return
      const dueMs = held.streamTimeMs - graceMs
      if (record.timestampMs < dueMs) join(record)
      else held.add(record)
      for (const due of held.takeUpTo(dueMs)) join(due)
    },
  }
}
