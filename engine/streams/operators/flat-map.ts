import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import { makeRecord } from '../record.ts'

export function flatMap(fn: (record: StreamRecord) => Iterable<readonly [unknown, unknown]>) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      for (const [key, value] of fn(record)) {
        setup.forward(makeRecord(key ?? null, value ?? null, record.timestampMs, record.headers))
      }
    },
  })
}

export function flatMapValues(fn: (record: StreamRecord) => Iterable<unknown>) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      for (const value of fn(record)) {
        setup.forward(makeRecord(record.key, value ?? null, record.timestampMs, record.headers))
      }
    },
  })
}
