import type { Codecs } from '../environment/index.ts'
import { splitBatches } from '../protocol/record-batch.ts'
import type { BatchView } from '../protocol/record-batch-header.ts'
import { RecordCursor } from '../protocol/record-cursor.ts'
import type { LogRead } from './log-reader.ts'
import type { Segment } from './segment.ts'

export interface TimestampOffset {
  readonly timestampMs: number
  readonly offset: number
  /** Of the batch's leader; −1 when unknown. */
  readonly leaderEpoch: number
}

export interface QueriedLog {
  readonly segments: readonly Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  readAt(offset: number, bytesMax: number): Promise<LogRead> | LogRead
}

const scanBytes = 256 * 1024

/** Calls back with the batches from the offset on, in order, until the callback returns true. */
export async function scanBatches(
  log: QueriedLog,
  fromOffset: number,
  visit: (batch: BatchView) => boolean,
): Promise<void> {
  let offset = fromOffset
  while (offset < log.logEndOffset) {
    const { pieces } = await log.readAt(offset, scanBytes)
    let next = offset
    for (const piece of pieces) {
      for (const batch of splitBatches(piece)) {
        if (visit(batch)) return
        next = batch.nextOffset
      }
    }
    if (next === offset) return
    offset = next
  }
}

/** The first record whose timestamp is at or after the one given. */
export async function offsetForTimestamp(
  log: QueriedLog,
  codecs: Pick<Codecs, 'decompress'>,
  timestampMs: number,
): Promise<TimestampOffset | undefined> {
  const segment = log.segments.find((candidate) => candidate.maxTimestampMs >= timestampMs)
  if (!segment) return undefined
  const { times } = await segment.indexes()
  const below = times.entryBelow(timestampMs)
  const from = Math.max(log.logStartOffset, below ? below.offset + 1 : segment.baseOffset)
  let found: TimestampOffset | undefined
  await scanBatches(log, from, (batch) => {
    if (batch.maxTimestampMs < timestampMs) return false
    found = firstRecord(batch, codecs, log.logStartOffset, (recordMs) => recordMs >= timestampMs)
    return found !== undefined
  })
  return found
}

/** The first record of those with the highest timestamp. */
export async function maxTimestampOffset(
  log: QueriedLog,
  codecs: Pick<Codecs, 'decompress'>,
): Promise<TimestampOffset | undefined> {
  let latest: Segment | undefined
  for (const segment of log.segments) {
    if (segment.maxTimestampMs > (latest?.maxTimestampMs ?? -1)) latest = segment
  }
  if (!latest) return undefined
  const { maxTimestampMs, maxTimestampOffset: offset } = latest
  let found: TimestampOffset | undefined
  await scanBatches(log, Math.max(offset, log.logStartOffset), (batch) => {
    found = firstRecord(batch, codecs, log.logStartOffset, (recordMs) => recordMs === maxTimestampMs)
    return true
  })
  return found
}

function firstRecord(
  batch: BatchView,
  codecs: Pick<Codecs, 'decompress'>,
  logStartOffset: number,
  isWanted: (timestampMs: number) => boolean,
): TimestampOffset | undefined {
  const cursor = new RecordCursor(batch, codecs)
  while (cursor.next()) {
    const { timestampMs, offset } = cursor
    if (offset >= logStartOffset && isWanted(timestampMs))
      return { timestampMs, offset, leaderEpoch: batch.leaderEpoch }
  }
  return undefined
}
