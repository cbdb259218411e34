/** `millrace/testing`: topologies without a cluster. */
export { TestDriver, type TestDriverOptions, type TestOutput, type TestRecord } from '../../streams/index.ts'
