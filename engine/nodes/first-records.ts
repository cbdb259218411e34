import { MillraceError } from '../base/errors.ts'
import type { Environment } from '../environment/index.ts'
import type { NodeConfig } from '../pipeline/index.ts'
import type { Feed } from '../streams/plan.ts'
import type { NodeKinds } from './kind.ts'
import type { FeedRecord } from './runtime.ts'

export interface FirstRecordsOptions {
  readonly kinds: NodeKinds
  /** The pipeline's folder. */
  readonly folder: string
  /** So many of each feed; those that come first are read whole. */
  readonly recordsMax: number
}

export interface FirstRecord {
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
  readonly timestampMs: number
}

/** The beginning of what feeds would write, in the order that a run processes it: lookup data first, then by event time. */
export async function firstRecords(
  environment: Environment,
  feeds: readonly Feed[],
  options: FirstRecordsOptions,
): Promise<FirstRecord[]> {
  const read = await Promise.all(
    feeds.map(async (feed) =>
      (await beginningOf(environment, feed, options)).map(({ key, value, timestampMs }) => ({
        place: feed.first ? 0 : 1,
        record: { topic: feed.topic, key, value, timestampMs },
      })),
    ),
  )
  return read
    .flat()
    .sort((a, b) => a.place - b.place || a.record.timestampMs - b.record.timestampMs)
    .map(({ record }) => record)
}

async function beginningOf(
  environment: Environment,
  feed: Feed,
  { kinds, folder, recordsMax }: FirstRecordsOptions,
): Promise<FeedRecord[]> {
  const runtime = kinds.get(feed.kind)?.runtime?.feed
  if (!runtime) {
    throw new MillraceError({ code: 'NO_FEED', what: `the kind ${feed.kind} has no feed`, where: feed.node })
  }
  const most = feed.first ? Number.POSITIVE_INFINITY : recordsMax
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
      if (records.length < most) records.push(record)
      if (records.length >= most) enough.abort()
      return undefined
    },
    badLine: () => undefined,
  })
  return records
}
