export { type CompileOptions, type CompileResult, compile } from './compile.ts'
export { printPlan } from './print-plan.ts'
