export { type FaultKind, FaultPlan, type FaultPlanOptions } from './fault-plan.ts'
export { calmNetwork, type NetworkFaults } from './network-world.ts'
export { createSeededRandom } from './seeded-random.ts'
export { World, type WorldOptions } from './world.ts'
