import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'

export function selectKey(fn: (record: StreamRecord) => unknown) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      setup.forward(makeRecord(fn(record) ?? null, record.value, record.timestampMs, record.headers))
    },
  })
}
