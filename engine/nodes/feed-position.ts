/**
 * A feed's reading position commits with its records: each carries it in a header. The partition of a record depends on the
 * record alone, and a partition takes a feed's records in their order, so what a partition holds is all up to its last one.
 * Going on means: begin after the least of these last records, and pass over what a partition has already. That holds only
 * for the source, the key and the partitions that the records were written with: a fingerprint of them goes along.
 */

import { MillraceError } from '../base/errors.ts'
import type { ConsumerRecord, Header } from '../client/api.ts'
import type { Environment } from '../environment/index.ts'
import type { NodeConfig } from '../pipeline/index.ts'
import type { Feed } from '../streams/plan.ts'
import { feedHeaderNames } from '../streams/record.ts'
import type { FeedRuntime } from './runtime.ts'

/** The record's number within its partition, from 1 without gaps: what makes loss and duplicates visible to readers. */
export const numberHeader = feedHeaderNames.number
/** `<ordinal> <fingerprint> <resume>`, see `FeedRecord` and `fingerprintOf`. */
export const positionHeader = feedHeaderNames.position

/** Of one partition of a source topic. Without records all is 0. */
export interface FeedTail {
  readonly partition: number
  /** Where the next record comes to lie. */
  readonly endOffset: number
  readonly number: number
  readonly ordinal: number
  readonly fingerprint: string | undefined
  readonly resume: string | undefined
}

export function feedHeaders(
  number: number,
  ordinal: number,
  fingerprint: string,
  resume: string,
): readonly Header[] {
  return [
    { key: numberHeader, value: Buffer.from(String(number)) },
    { key: positionHeader, value: Buffer.from(`${ordinal} ${fingerprint} ${resume}`) },
  ]
}

export function emptyTail(partition: number, endOffset: number): FeedTail {
  return { partition, endOffset, number: 0, ordinal: 0, fingerprint: undefined, resume: undefined }
}

/** @throws MillraceError NOT_A_FEED_TOPIC when someone else has written the record */
export function tailOf(record: ConsumerRecord): FeedTail {
  const number = Number(headerText(record, numberHeader))
  const position = /^(\d+) (\S+) (.*)$/s.exec(headerText(record, positionHeader) ?? '')
  if (!Number.isSafeInteger(number) || !position) {
    throw new MillraceError({
      code: 'NOT_A_FEED_TOPIC',
      what: 'the last record was not written by a run of this pipeline, so that the place to go on is not known',
      where: `${record.topic}-${record.partition} at ${record.offset}`,
      remedy: 'run from start, or delete the topic',
    })
  }
  return {
    partition: record.partition,
    endOffset: record.offset + 1,
    number,
    ordinal: Number(position[1]),
    fingerprint: position[2],
    resume: position[3],
  }
}

/** Where to begin reading: undefined is the beginning. A partition without records may have missed the very first one. */
export function resumeFrom(tails: readonly FeedTail[]): string | undefined {
  const least = tails.reduce<FeedTail | undefined>(
    (least, tail) => (least === undefined || tail.ordinal < least.ordinal ? tail : least),
    undefined,
  )
  return least?.resume
}

interface Source {
  readonly environment: Environment
  readonly feed: Feed
  readonly runtime: FeedRuntime
  readonly folder: string
}

/**
 * What positions in the feed's topic are positions of. @throws MillraceError FEED_CHANGED when those of its last records are
 * positions of something else
 */
export async function fingerprintOf(source: Source, tails: readonly FeedTail[]): Promise<string> {
  const { environment, feed, runtime, folder } = source
  const config = feed.config as NodeConfig
  const identified = { environment, config, folder }
  const placing = placingOf(source, tails.length)
  for (const fingerprint of new Set(tails.flatMap((tail) => tail.fingerprint ?? []))) {
    const [knownPlacing, known = ''] = fingerprint.split('.')
    if (knownPlacing !== placing) {
      throw feedChanged('its kind, its key or its number of partitions is another', feed.topic)
    }
    if ((await runtime.identify(identified, known)) !== known) {
      throw feedChanged('what it reads is something else', feed.topic)
    }
  }
  return `${placing}.${await runtime.identify(identified)}`
}

/** What decides which partition a record belongs to. */
function placingOf({ environment, feed }: Source, partitions: number): string {
  const text = JSON.stringify([feed.kind, feed.config.key ?? '', partitions])
  return environment.codecs.crc32c(Buffer.from(text)).toString(36)
}

export function feedChanged(what: string, where: string): MillraceError {
  return new MillraceError({
    code: 'FEED_CHANGED',
    what: `${what} than when its last record was written, so that there is no place to go on`,
    where,
    remedy: 'run from start',
  })
}

function headerText(record: ConsumerRecord, name: string): string | undefined {
  const value = record.headers.find((header) => header.key === name)?.value
  return value ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : undefined
}
