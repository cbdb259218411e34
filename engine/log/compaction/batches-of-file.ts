import type { Codecs } from '../../environment/index.ts'
import { validateBatch } from '../../protocol/record-batch.ts'
import type { BatchView } from '../../protocol/record-batch-header.ts'
import { batchFault } from '../../protocol/record-batch-header.ts'
import { hasWholeBatch } from '../batch-walk.ts'

const windowBytesMin = 1024 * 1024

type Read = (position: number, length: number) => Promise<Buffer>

/**
 * The batches of a file that holds nothing but whole ones, window by window, each checked.
 * @throws MillraceError CORRUPT_BATCH, UNSUPPORTED_RECORD_FORMAT
 */
export async function* batchesOfFile(
  read: Read,
  sizeBytes: number,
  codecs: Pick<Codecs, 'crc32c'>,
): AsyncGenerator<readonly BatchView[], void, void> {
  let position = 0
  let windowBytes = windowBytesMin
  while (position < sizeBytes) {
    const buffer = await read(position, Math.min(windowBytes, sizeBytes - position))
    const batches: BatchView[] = []
    let at = 0
    while (hasWholeBatch(buffer, at, buffer.length)) {
      const batch = validateBatch(buffer, at, codecs)
      batches.push(batch)
      at += batch.sizeBytes
    }
    if (at === 0 && position + buffer.length >= sizeBytes) {
      throw batchFault('CORRUPT_BATCH', 'the last batch is cut off', position)
    }
    windowBytes = at === 0 ? windowBytes * 4 : windowBytesMin
    position += at
    if (batches.length > 0) yield batches
  }
}
