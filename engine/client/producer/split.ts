import type { Codecs, CompressionName } from '../../environment/index.ts'
import { BatchView } from '../../protocol/record-batch-header.ts'
import { RecordCursor } from '../../protocol/record-cursor.ts'
import { ProducerBatch } from './batch.ts'

/**
 * A batch that a broker finds too large, as two with half of its records each. Sequences stay as they were, since the
 * broker took none of them.
 */
export function splitBatch(
  batch: ProducerBatch,
  codecs: Codecs,
  compression: CompressionName,
): ProducerBatch[] {
  const view = new BatchView(batch.bytes(codecs, compression))
  const cursor = new RecordCursor(view, codecs)
  const half = Math.ceil(batch.recordCount / 2)
  // Between its own and the next whole number: they stay behind what came before and ahead of what came after.
  const step = (Math.floor(batch.ordinal) + 1 - batch.ordinal) / 2
  const first = new ProducerBatch(batch.partition, batch.ordinal, batch.createdMs, batch.sizeBytes)
  const second = new ProducerBatch(batch.partition, batch.ordinal + step, batch.createdMs, batch.sizeBytes)
  for (let index = 0; cursor.next(); index++) {
    const piece = index < half ? first : second
    piece.append(cursor.timestampMs, cursor.key, cursor.value, cursor.headers(), batch.takeSettle(index))
  }
  for (const [piece, firstIndex] of [[first, 0] as const, [second, half] as const]) {
    piece.isClosed = true
    // As one that was sent before: alone, so that its sequences stay in order.
    piece.attempts = batch.attempts
    if (batch.identity !== undefined) {
      piece.resequence(batch.identity, (batch.baseSequence + firstIndex) % 2 ** 31, codecs)
    }
  }
  return [first, second]
}
