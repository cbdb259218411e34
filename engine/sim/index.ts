export { type DownKind, type FaultKind, FaultPlan } from './fault-plan.ts'
export { World, type WorldOptions } from './world.ts'
