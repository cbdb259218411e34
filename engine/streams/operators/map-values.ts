import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'

export function mapValues(fn: (record: StreamRecord) => unknown) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      setup.forward(makeRecord(record.key, fn(record) ?? null, record.timestampMs, record.headers))
    },
  })
}
