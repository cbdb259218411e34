import type { StepLogic, StepSetup } from '../graph.ts'

/** Merges, and sources: what comes in goes out. */
export function pass(setup: StepSetup): StepLogic {
  return { process: (record) => setup.forward(record) }
}
