import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'

export function map(fn: (record: StreamRecord) => readonly [unknown, unknown]) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      const [key, value] = fn(record)
      setup.forward(makeRecord(key ?? null, value ?? null, record.timestampMs, record.headers))
    },
  })
}
