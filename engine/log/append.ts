import { MillraceError } from '../base/errors.ts'
import type { Codecs } from '../environment/index.ts'
import { checkProducedBatch, validateBatch } from '../protocol/record-batch.ts'
import type { BatchView } from '../protocol/record-batch-header.ts'
import type { LogConfig } from './log-config.ts'
import type { ProducedBatch, ProducerState, Verification } from './producer-state.ts'

export interface AppendResult {
  /** Of the first record. */
  readonly baseOffset: number
  readonly lastOffset: number
  /** −1 when the records keep the times they came with. */
  readonly logAppendTimeMs: number
  /** The batch had been appended before: the offsets are those of then. */
  readonly isDuplicate: boolean
}

export interface LeaderAppendOptions {
  /** `internal` may write control batches. */
  readonly origin?: 'client' | 'internal'
  /** For a transactional batch: see `ProducerState.beginVerification`. */
  readonly verification?: Verification | undefined
  /** The batches are markers; `isBumped` as in `ProducerState.checkMarker`. */
  readonly marker?: { readonly isBumped: boolean }
}

/**
 * The batches of what a client sent, each checked, none changed.
 * @throws MillraceError CORRUPT_BATCH, UNSUPPORTED_RECORD_FORMAT, INVALID_RECORD, MESSAGE_TOO_LARGE
 */
export function checkedBatches(
  records: Buffer,
  codecs: Pick<Codecs, 'crc32c'>,
  config: LogConfig,
  isClient: boolean,
  where: string,
): BatchView[] {
  const batches: BatchView[] = []
  let position = 0
  while (position < records.length) {
    const batch = validateBatch(records, position, codecs)
    if (isClient) checkProducedBatch(batch)
    if (batch.sizeBytes > config.batchBytesMax) throw tooLarge(batch.sizeBytes, config.batchBytesMax, where)
    batches.push(batch)
    position += batch.sizeBytes
  }
  if (batches.length > 0) return batches
  throw new MillraceError({ code: 'INVALID_RECORD', what: 'there are no records to append', where })
}

/** Whether transactions allow the batches. @throws as `ProducerState.checkVerified`, `ProducerState.checkMarker` */
export function checkTransactions(
  batches: readonly BatchView[],
  producers: ProducerState,
  { verification, marker }: LeaderAppendOptions,
  where: string,
): void {
  for (const batch of batches) {
    if (marker) producers.checkMarker(batch, marker.isBumped, where)
    else producers.checkVerified(batch, verification, where)
  }
}

/** Gives them their offsets, one after the other, and the leader's epoch, in place. Returns the offset behind them. */
export function placeBatches(batches: readonly BatchView[], baseOffset: number, leaderEpoch: number): number {
  let offset = baseOffset
  for (const batch of batches) {
    batch.setBaseOffset(offset)
    batch.setLeaderEpoch(leaderEpoch)
    offset = batch.nextOffset
  }
  return offset
}

/** The earlier append of the same batches; undefined when they are new. @throws as `ProducerState.check` */
export function findDuplicate(
  batches: readonly BatchView[],
  producers: ProducerState,
  where: string,
): ProducedBatch | undefined {
  for (const batch of batches) {
    const earlier = batch.producerId < 0 || batch.isControl ? undefined : producers.check(batch, where)
    if (earlier) return earlier
  }
  return undefined
}

/** The whole batches that a leader sent, in order, none before the end of this log. What is cut off at the end is left out. */
export function* replicatedBatches(
  records: Buffer,
  codecs: Pick<Codecs, 'crc32c'>,
  logEndOffset: number,
  where: string,
): Generator<BatchView, void, void> {
  let position = 0
  let expected = logEndOffset
  while (
    records.length - position >= 12 &&
    records.readInt32BE(position + 8) + 12 <= records.length - position
  ) {
    const batch = validateBatch(records, position, codecs)
    if (batch.baseOffset < expected) {
      throw new MillraceError({
        code: 'OFFSETS_OUT_OF_ORDER',
        what: `the leader sent offset ${batch.baseOffset} where ${expected} comes next`,
        where,
        details: { expected, got: batch.baseOffset },
      })
    }
    yield batch
    expected = batch.nextOffset
    position += batch.sizeBytes
  }
}

function tooLarge(bytes: number, bytesMax: number, where: string): MillraceError {
  return new MillraceError({
    code: 'MESSAGE_TOO_LARGE',
    what: `a batch of ${bytes} bytes is larger than the topic accepts (${bytesMax})`,
    where,
    remedy: "send smaller batches or raise the topic's max.message.bytes",
  })
}
