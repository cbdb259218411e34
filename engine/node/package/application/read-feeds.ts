import process from 'node:process'
import { MillraceError } from '../../../base/errors.ts'
import { nodeKinds } from '../../../nodes/kinds.ts'
import type { FeedRecord } from '../../../nodes/runtime.ts'
import type { NodeConfig } from '../../../pipeline/index.ts'
import type { Feed } from '../../../streams/index.ts'
import { createNodeEnvironment } from '../../environment/index.ts'

export interface FedRecord {
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
}

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
export async function readFeeds(
  feeds: readonly Feed[],
  options: ReadFeedsOptions = {},
): Promise<FedRecord[]> {
  const read = await Promise.all(
    feeds.map(async (feed) => {
      const recordsMax = feed.first
        ? Number.POSITIVE_INFINITY
        : (options.recordsMax ?? Number.POSITIVE_INFINITY)
      const records = await readFeed(feed, options.folder ?? process.cwd(), recordsMax)
      return records.map(({ key, value, timestampMs }) => ({
        feed,
        topic: feed.topic,
        key,
        value,
        timestampMs,
      }))
    }),
  )
  const first = ({ feed }: { feed: Feed }) => (feed.first ? 0 : 1)
  return read
    .flat()
    .sort((a, b) => first(a) - first(b) || a.timestampMs - b.timestampMs)
    .map(({ topic, key, value, timestampMs }) => ({ topic, key, value, timestampMs }))
}

async function readFeed(feed: Feed, folder: string, recordsMax: number): Promise<FeedRecord[]> {
  const runtime = nodeKinds.get(feed.kind)?.runtime?.feed
  if (!runtime)
    throw new MillraceError({ code: 'NO_FEED', what: `the kind ${feed.kind} has no feed`, where: feed.node })
  const environment = createNodeEnvironment()
  const records: FeedRecord[] = []
  const enough = new AbortController()
  await runtime.run({
    environment,
    config: feed.config as NodeConfig,
    folder,
    signal: enough.signal,
    resume: undefined,
    compileExpression: (text, names) => environment.code.expression(text, names),
    produce(record) {
      if (records.length < recordsMax) records.push(record)
      if (records.length >= recordsMax) enough.abort()
      return undefined
    },
    badLine: () => undefined,
  })
  return records
}
