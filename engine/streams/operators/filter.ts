import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'

/** What does not match is not counted as dropped: filtering is what the person asked for. */
export function filter(predicate: (record: StreamRecord) => boolean, keeps: boolean) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      if (Boolean(predicate(record)) === keeps) setup.forward(record)
    },
  })
}
