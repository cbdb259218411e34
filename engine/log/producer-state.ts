import { MillraceError } from '../base/errors.ts'
import type { BatchView } from '../protocol/record-batch-header.ts'

/** How many batches of a producer are remembered to know them again; what clients may have in flight. */
const batchesKept = 5
const sequenceMax = 0x7fffffff

/** A batch that was appended. */
export interface ProducedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestampMs: number
}

export interface ProducerEntry {
  readonly producerId: number
  readonly producerEpoch: number
  /** By the wall clock: its records may be of any age. */
  readonly lastSeenMs: number
  /** Oldest first. Empty after an epoch was only announced. */
  readonly batches: readonly ProducedBatch[]
}

/**
 * What each idempotent producer appended last: finds batches that are sent again, and gaps (KIP-98). The check comes
 * first, for all batches of an append; only then are they noted.
 */
export class ProducerState {
  #entries = new Map<number, ProducerEntry>()

  constructor(entries: Iterable<ProducerEntry> = []) {
    for (const entry of entries) this.#entries.set(entry.producerId, entry)
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values()
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId)
  }

  /**
   * The earlier append when the batch is one of the last five of its producer; undefined when it is new and next in line.
   * @throws MillraceError INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER
   */
  check(batch: BatchView, where: string): ProducedBatch | undefined {
    const entry = this.#entries.get(batch.producerId)
    // A producer that was forgotten may go on where it is.
    if (!entry) return undefined
    const { baseSequence, lastSequence, producerEpoch } = batch
    if (producerEpoch < entry.producerEpoch) {
      throw new MillraceError({
        code: 'INVALID_PRODUCER_EPOCH',
        what: `producer ${entry.producerId} writes with epoch ${producerEpoch}, epoch ${entry.producerEpoch} is known`,
        where,
        remedy: 'close the older instance of the producer',
      })
    }
    if (producerEpoch > entry.producerEpoch) {
      if (baseSequence === 0) return undefined
      throw outOfOrder(entry.producerId, 0, baseSequence, where)
    }
    const earlier = entry.batches.find(
      (known) => known.firstSequence === baseSequence && known.lastSequence === lastSequence,
    )
    if (earlier) return earlier
    const last = entry.batches.at(-1)
    const expected = last ? nextSequence(last.lastSequence) : baseSequence
    if (baseSequence !== expected) throw outOfOrder(entry.producerId, expected, baseSequence, where)
    return undefined
  }

  /** Notes an appended batch, its offsets assigned. Batches without a producer or a sequence pass by. */
  note(batch: BatchView, nowMs: number): void {
    const { producerId, producerEpoch, baseSequence } = batch
    if (producerId < 0) return
    const entry = this.#entries.get(producerId)
    // Markers carry a producer's epoch, which fences older instances, but no sequence.
    if (baseSequence < 0) {
      const batches = entry && entry.producerEpoch === producerEpoch ? entry.batches : []
      this.#entries.set(producerId, { producerId, producerEpoch, lastSeenMs: nowMs, batches })
      return
    }
    const noted: ProducedBatch = {
      firstSequence: baseSequence,
      lastSequence: batch.lastSequence,
      firstOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      timestampMs: batch.maxTimestampMs,
    }
    const before = entry && entry.producerEpoch === producerEpoch ? entry.batches : []
    const kept = before.length >= batchesKept ? before.slice(1 - batchesKept) : before
    this.#entries.set(producerId, { producerId, producerEpoch, lastSeenMs: nowMs, batches: [...kept, noted] })
  }

  /** Forgets producers that have been silent for so long. */
  expire(nowMs: number, expiryMs: number): void {
    for (const [producerId, entry] of this.#entries) {
      if (nowMs - entry.lastSeenMs > expiryMs) this.#entries.delete(producerId)
    }
  }
}

function nextSequence(sequence: number): number {
  return sequence === sequenceMax ? 0 : sequence + 1
}

function outOfOrder(producerId: number, expected: number, got: number, where: string): MillraceError {
  return new MillraceError({
    code: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    what: `producer ${producerId} sent sequence ${got} where ${expected} comes next`,
    where,
    details: { producerId, expected, got },
  })
}
