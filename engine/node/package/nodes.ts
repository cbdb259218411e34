/** `millrace/nodes`: sources and sinks outside Kafka. */
import process from 'node:process'
import { nodeKinds } from '../../nodes/kinds.ts'
import type { ExternalSink, Feed } from '../../streams/index.ts'
import { createNodeEnvironment } from '../environment/index.ts'

export { type FedRecord, type ReadFeedsOptions, readFeeds } from './application/read-feeds.ts'
export type { Feed }

export interface FileSinkOptions {
  /** Relative to the working directory. */
  readonly file: string
  readonly format?: 'ndjson' | 'csv'
  readonly content?: 'value' | 'record'
  /** Of CSV: paths into the value, separated by commas. */
  readonly columns?: string
}

/** For `toExternal`: appends records to a file. */
export function fileSink(options: FileSinkOptions): () => ExternalSink {
  const sink = nodeKinds.get('file-sink')?.runtime?.sink
  if (!sink) throw new Error('the file sink is missing from this build')
  return sink({ environment: createNodeEnvironment(), config: { ...options }, folder: process.cwd() })
}
