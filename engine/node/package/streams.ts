/** `millrace/streams`: the streams DSL alone. */
export * from '../../streams/index.ts'
