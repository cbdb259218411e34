export type { Feed, PlannedTopic, Step, TopologyPlan } from '../streams/plan.ts'
export { type CompileOptions, type CompileResult, compile } from './compile.ts'
export { printPlan } from './print-plan.ts'
export { checkRunnable, isRepeatable, runTrial, type TrialInput, type TrialOptions } from './trial.ts'
