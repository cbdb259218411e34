import type { StreamRecord } from '../api.ts'
import type { StepLogic, StepSetup } from '../graph.ts'

/** Output i is that of the i-th predicate; the one after the last takes the rest, when there is one. */
export function branch(predicates: readonly ((record: StreamRecord) => boolean)[], takesRest: boolean) {
  return (setup: StepSetup): StepLogic => ({
    process(record) {
      for (let i = 0; i < predicates.length; i++) {
        if (predicates[i]!(record)) {
          setup.forwardTo(i, record)
          return
        }
      }
      if (takesRest) setup.forwardTo(predicates.length, record)
    },
  })
}
