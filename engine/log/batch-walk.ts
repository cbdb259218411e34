import { BatchView } from '../protocol/record-batch-header.ts'

export interface ReadLimits {
  /** Batches that reach this offset are left out. */
  readonly endOffset: number
  readonly bytesMax: number
  /** The first batch is given even when it is larger than `bytesMax` (KIP-74). */
  readonly minOneBatch: boolean
}

/** A range of whole batches in a buffer. */
export interface BatchRange {
  /** Of the first batch; undefined when the range is empty. */
  readonly baseOffset: number | undefined
  readonly start: number
  readonly end: number
  /** A batch was left out because of a limit: the read ends here. */
  readonly isCut: boolean
}

/**
 * The whole batches of `buffer` between `from` and `to` that hold the offset or come after it, within the limits. The buffer must
 * start at a batch; what is cut off at its end is left out.
 */
export function selectBatches(
  buffer: Buffer,
  from: number,
  to: number,
  startOffset: number,
  limits: ReadLimits,
): BatchRange {
  let position = from
  while (hasWholeBatch(buffer, position, to) && new BatchView(buffer, position).nextOffset <= startOffset) {
    position += new BatchView(buffer, position).sizeBytes
  }
  const start = position
  let baseOffset: number | undefined
  while (hasWholeBatch(buffer, position, to)) {
    const batch = new BatchView(buffer, position)
    const isAllowed = position === start && limits.minOneBatch
    const isTooLarge = position + batch.sizeBytes - start > limits.bytesMax
    if (batch.nextOffset > limits.endOffset || (isTooLarge && !isAllowed)) {
      return { baseOffset, start, end: position, isCut: true }
    }
    baseOffset ??= batch.baseOffset
    position += batch.sizeBytes
  }
  return { baseOffset, start, end: position, isCut: false }
}

/** Base offset and length come first: with these 12 bytes the batch's size is known. */
export const sizeKnownBytes = 12

export function hasWholeBatch(buffer: Buffer, position: number, end: number): boolean {
  return end - position >= sizeKnownBytes && new BatchView(buffer, position).sizeBytes <= end - position
}
