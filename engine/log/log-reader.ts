import type { Codecs } from '../environment/index.ts'
import { validateBatch } from '../protocol/record-batch.ts'
import { BatchView } from '../protocol/record-batch-header.ts'
import { type ReadLimits, selectBatches, sizeKnownBytes } from './batch-walk.ts'
import type { Segment } from './segment.ts'
import type { SegmentIndexes } from './segment-indexes.ts'

export interface LogRead {
  /** Whole batches, one after the other; views that must not be changed. */
  readonly pieces: readonly Buffer[]
  readonly sizeBytes: number
  /** Of the first batch; undefined when there is none. */
  readonly baseOffset: number | undefined
}

export interface ReadOptions {
  /** Exclusive; batches that reach it are left out. The log's end when left out. */
  readonly endOffset?: number
  /** Gives the first batch even when it is larger than asked for (KIP-74). On by default. */
  readonly minOneBatch?: boolean
}

export const emptyRead: LogRead = { pieces: [], sizeBytes: 0, baseOffset: undefined }

/** The same, each batch by its CRC. @throws MillraceError CORRUPT_BATCH */
export function checkedRead(read: LogRead, codecs: Pick<Codecs, 'crc32c'>): LogRead {
  for (const piece of read.pieces) {
    for (let at = 0; at < piece.length; ) at += validateBatch(piece, at, codecs).sizeBytes
  }
  return read
}

/** The first batch that reaches an offset lies at most so far behind its index entry, as a rule. */
const leadBytes = 16 * 1024

/**
 * Batches of one segment, from its file, up to `endPosition`: what lies behind is still in memory. Undefined when it has
 * none at or behind the offset.
 */
export async function readSegment(
  segment: Segment,
  startOffset: number,
  endPosition: number,
  limits: ReadLimits,
): Promise<LogRead | undefined> {
  const indexes: SegmentIndexes = await segment.indexes()
  return segment.using(async (file) => {
    let position = indexes.offsets.floorPosition(startOffset)
    let windowBytes = limits.bytesMax + leadBytes
    while (position < endPosition) {
      const buffer = await file.read(position, Math.min(windowBytes, endPosition - position))
      const range = selectBatches(buffer, 0, buffer.length, startOffset, limits)
      if (range.end > range.start) {
        const piece = buffer.subarray(range.start, range.end)
        return { pieces: [piece], sizeBytes: piece.length, baseOffset: range.baseOffset }
      }
      if (range.isCut) return emptyRead
      if (position + buffer.length >= endPosition) return undefined
      // Nothing but earlier batches, or the first one that counts is larger than the window.
      position += range.start
      const isSizeKnown = buffer.length - range.start >= sizeKnownBytes
      const nextBytes = isSizeKnown ? new BatchView(buffer, range.start).sizeBytes : 0
      windowBytes = Math.max(windowBytes, nextBytes)
    }
    return undefined
  })
}
