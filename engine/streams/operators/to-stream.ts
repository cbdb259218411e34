import { assert } from '../../base/assert.ts'
import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { Change, makeRecord } from '../record.ts'

/** Every update of the table as a record. */
export function toStream(setup: StepSetup): StepLogic {
  return {
    process(record) {
      setup.forward(makeRecord(record.key, changeOf(record).newValue, record.timestampMs, record.headers))
    },
  }
}

export function changeOf(record: StreamRecord): Change {
  assert(record.value instanceof Change, 'a change flows behind a table')
  return record.value
}
