/** `millrace`: the streams DSL, and what runs it. */
export * from '../../streams/index.ts'
export type { Application } from './application/options.ts'
export { runApplication } from './application/run-application.ts'
