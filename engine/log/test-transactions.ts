import type { Environment } from '../environment/index.ts'
import { buildMarker, type MarkerKind, markerIn } from '../protocol/control-records.ts'
import { splitBatches } from '../protocol/record-batch.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import type { AppendResult } from './append.ts'
import type { PartitionLog } from './partition-log.ts'

/** For the tests beside it: a transactional batch of a producer whose coordinator has confirmed it. */
export function appendInTransaction(log: PartitionLog, batch: Buffer, producerId: number): AppendResult {
  return log.appendAsLeader(batch, 0, { verification: log.producers.beginVerification(producerId) })
}

export interface MarkerInput {
  readonly kind: MarkerKind
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch?: number
  readonly isBumped?: boolean
}

export function appendMarker(log: PartitionLog, input: MarkerInput, codecs: Environment['codecs']) {
  const { kind, producerId, producerEpoch, coordinatorEpoch = 0, isBumped = false } = input
  const marker = buildMarker({ kind, producerId, producerEpoch, coordinatorEpoch, timestampMs: 1000 }, codecs)
  return log.appendAsLeader(marker, 0, { origin: 'internal', marker: { isBumped } })
}

interface Span {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
}

/** What the log's batches say about transactions, worked out from nothing but them. */
export async function transactionsIn(log: PartitionLog): Promise<{ open: number[]; aborted: Span[] }> {
  const open = new Map<number, number>()
  const aborted: Span[] = []
  let offset = log.logStartOffset
  while (offset < log.logEndOffset) {
    const { pieces } = await log.read(offset, 100_000)
    for (const piece of pieces) {
      for (const batch of splitBatches(piece)) {
        const { producerId, baseOffset } = batch
        offset = batch.nextOffset
        if (!batch.isTransactional) continue
        if (!batch.isControl) {
          if (!open.has(producerId)) open.set(producerId, baseOffset)
          continue
        }
        const firstOffset = open.get(producerId)
        open.delete(producerId)
        if (firstOffset === undefined || markerIn(batch)?.kind !== 'abort') continue
        aborted.push({ producerId, firstOffset, lastOffset: batch.lastOffset })
      }
    }
  }
  return { open: [...open.values()], aborted }
}

export function spans(entries: readonly AbortedTransaction[]): Span[] {
  return entries.map(({ producerId, firstOffset, lastOffset }) => ({ producerId, firstOffset, lastOffset }))
}
