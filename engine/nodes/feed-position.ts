/**
 * A feed's reading position commits with its records: each carries it in a header. The partition of a record depends on the
 * record alone, and a partition takes a feed's records in their order, so what a partition holds is all up to its last one.
 * Going on means: begin after the least of these last records, and pass over what a partition has already.
 */

import { MillraceError } from '../base/errors.ts'
import type { ConsumerRecord, Header } from '../client/api.ts'

/** The record's number within its partition, from 1 without gaps: what makes loss and duplicates visible to readers. */
export const numberHeader = 'millrace-number'
/** `<ordinal> <resume>`, see `FeedRecord`. */
export const positionHeader = 'millrace-position'

/** Of one partition of a source topic. Without records all is 0. */
export interface FeedTail {
  readonly partition: number
  /** Where the next record comes to lie. */
  readonly endOffset: number
  readonly number: number
  readonly ordinal: number
  readonly resume: string | undefined
}

export function feedHeaders(number: number, ordinal: number, resume: string): readonly Header[] {
  return [
    { key: numberHeader, value: Buffer.from(String(number)) },
    { key: positionHeader, value: Buffer.from(`${ordinal} ${resume}`) },
  ]
}

export function emptyTail(partition: number, endOffset: number): FeedTail {
  return { partition, endOffset, number: 0, ordinal: 0, resume: undefined }
}

/** @throws MillraceError NOT_A_FEED_TOPIC when someone else has written the record */
export function tailOf(record: ConsumerRecord): FeedTail {
  const number = Number(headerText(record, numberHeader))
  const position = /^(\d+) (.*)$/s.exec(headerText(record, positionHeader) ?? '')
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
    resume: position[2],
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

function headerText(record: ConsumerRecord, name: string): string | undefined {
  const value = record.headers.find((header) => header.key === name)?.value
  return value ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : undefined
}
