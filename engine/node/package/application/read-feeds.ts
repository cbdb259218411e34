import process from 'node:process'
import { type FirstRecord, firstRecords } from '../../../nodes/first-records.ts'
import { nodeKinds } from '../../../nodes/kinds.ts'
import type { Feed } from '../../../streams/index.ts'
import { createNodeEnvironment } from '../../environment/index.ts'

export type FedRecord = FirstRecord

export interface ReadFeedsOptions {
  /** Files are named relative to it; default: the working directory. */
  readonly folder?: string
  /** So many of each feed; those that come first are read whole. */
  readonly recordsMax?: number
}

/**
 * The beginning of what feeds would write, in the order that a run processes it: lookup data first, then by event time. For
 * tests.
 */
export function readFeeds(feeds: readonly Feed[], options: ReadFeedsOptions = {}): Promise<FedRecord[]> {
  return firstRecords(createNodeEnvironment(), feeds, {
    kinds: nodeKinds,
    folder: options.folder ?? process.cwd(),
    recordsMax: options.recordsMax ?? Number.POSITIVE_INFINITY,
  })
}
