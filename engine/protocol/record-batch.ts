import type { Codecs } from '../environment/codecs.ts'
import { BatchView, batchFault, batchHeaderBytes, batchPrefixBytes } from './record-batch-header.ts'

const sizePosition = 8
const magicPosition = 16

/**
 * The complete batches that follow each other in `buffer`. An incomplete one at its end is left out, as a fetch may
 * cut the last one off.
 * @throws MillraceError CORRUPT_BATCH, UNSUPPORTED_RECORD_FORMAT where no batch of magic 2 can start
 */
export function* splitBatches(buffer: Buffer, position = 0): Generator<BatchView, void, void> {
  let start = position
  while (buffer.length - start >= batchHeaderBytes) {
    const sizeBytes = checkedSize(buffer, start)
    if (sizeBytes > buffer.length - start) return
    // Read before the batch is given out, so that whoever gets it may change it.
    yield new BatchView(buffer, start)
    start += sizeBytes
  }
}

/**
 * Checks the header and the CRC of the batch at `position`, records undecoded, and gives its view.
 * @throws MillraceError CORRUPT_BATCH (too short, cut off, wrong CRC, impossible counts),
 * UNSUPPORTED_RECORD_FORMAT (magic 0 and 1)
 */
export function validateBatch(buffer: Buffer, position: number, codecs: Pick<Codecs, 'crc32c'>): BatchView {
  const left = buffer.length - position
  if (left < batchHeaderBytes)
    throw batchFault('CORRUPT_BATCH', `a batch of ${left} bytes is cut off`, position)
  const sizeBytes = checkedSize(buffer, position)
  if (sizeBytes > left) {
    throw batchFault('CORRUPT_BATCH', `a batch of ${sizeBytes} bytes is cut off after ${left}`, position)
  }
  const batch = new BatchView(buffer, position)
  const crc = batch.computeCrc(codecs)
  if (crc !== batch.crc) {
    throw batchFault('CORRUPT_BATCH', `the batch has CRC ${batch.crc}, its bytes have ${crc}`, position)
  }
  if (batch.recordCount < 0 || batch.lastOffsetDelta < 0 || batch.recordCount > batch.lastOffsetDelta + 1) {
    const counts = `${batch.recordCount} records over ${batch.lastOffsetDelta + 1} offsets`
    throw batchFault('CORRUPT_BATCH', `the batch claims ${counts}`, position)
  }
  return batch
}

/**
 * What a producer may send on top of a valid batch: no control batch, no gaps between offsets, a sequence with a
 * producer id, and numbers that we can hold.
 * @throws MillraceError INVALID_RECORD
 */
export function checkProducedBatch(batch: BatchView): void {
  const refuse = (what: string) => batchFault('INVALID_RECORD', what, batch.position)
  if (batch.isControl) throw refuse('clients must not write control batches')
  if (batch.recordCount !== batch.lastOffsetDelta + 1 || batch.recordCount === 0) {
    throw refuse(`the batch claims ${batch.recordCount} records over ${batch.lastOffsetDelta + 1} offsets`)
  }
  if (batch.producerId >= 0 && batch.baseSequence < 0) throw refuse('a producer id comes without a sequence')
  for (const number of [batch.producerId, batch.baseTimestampMs, batch.maxTimestampMs]) {
    if (!Number.isSafeInteger(number)) throw refuse(`${number} lies beyond the safe integers`)
  }
}

function checkedSize(buffer: Buffer, position: number): number {
  const magic = buffer.readInt8(position + magicPosition)
  if (magic === 0 || magic === 1) {
    throw batchFault('UNSUPPORTED_RECORD_FORMAT', `records of the old format ${magic} are not read`, position)
  }
  const sizeBytes = buffer.readInt32BE(position + sizePosition) + batchPrefixBytes
  if (magic !== 2 || sizeBytes < batchHeaderBytes) {
    throw batchFault('CORRUPT_BATCH', 'there is no record batch here', position)
  }
  return sizeBytes
}
