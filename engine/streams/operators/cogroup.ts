import { assert } from '../../base/assert.ts'
import type { StepLogic, StepSetup } from '../graph.ts'
import type { StateStore } from '../stores/store.ts'
import { rowStore } from './table.ts'

interface CogroupSpec {
  /** Of the aggregate that all parts feed. */
  readonly storeName: string
  /** Keeps each part's stream time by its number; undefined without windows. */
  readonly timesName: string | undefined
  /** In order of input: each part adds in its own way. */
  readonly parts: readonly ((setup: StepSetup) => StepLogic)[]
}

/** Several groupings feed one aggregate. Each has a stream time of its own: what comes late in one is not late in another. */
export function cogroup({ storeName, timesName, parts }: CogroupSpec) {
  return (setup: StepSetup): StepLogic => {
    const logics = parts.map((create) => create(setup))
    if (timesName === undefined) return { process: (record, input) => logics[input]!.process(record, 0) }
    const store = setup.store(storeName)
    assert(hasStreamTime(store), `store ${storeName} has a stream time`)
    const times = rowStore(setup.store(timesName))
    return {
      process(record, input) {
        const kept = times.get(input)?.value
        const beforeMs = typeof kept === 'number' ? kept : -1
        store.streamTimeMs = beforeMs
        logics[input]!.process(record, 0)
        if (store.streamTimeMs > beforeMs) times.put(input, store.streamTimeMs, store.streamTimeMs)
      },
    }
  }
}

function hasStreamTime(store: StateStore): store is StateStore & { streamTimeMs: number } {
  return 'streamTimeMs' in store
}
