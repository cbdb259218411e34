import { MillraceError } from '../base/errors.ts'
import { type BatchMarker, markerIn } from '../protocol/control-records.ts'
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
  /** Of the coordinator that wrote its latest marker; left out: there was none. */
  readonly coordinatorEpoch?: number
  /** Where its open transaction begins; left out: none is open. */
  readonly openOffset?: number
}

/** A transaction that has its marker. */
export interface EndedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the marker. */
  readonly lastOffset: number
}

/** What a marker did: `isAborted` when records of a transaction have to be hidden. */
export interface TransactionEnd extends EndedTransaction {
  readonly isAborted: boolean
  /** As far as this log reaches, all before it is decided. */
  readonly lastStableOffset: number
}

/** Shows that the coordinator has been asked about a producer's transaction since its last marker here (KIP-890). */
export type Verification = symbol

/**
 * What each idempotent producer appended last: finds batches that are sent again, and gaps (KIP-98); and which
 * transactions are open. The check comes first, for all batches of an append; only then are they noted.
 */
export class ProducerState {
  #entries = new Map<number, ProducerEntry>()
  /** Where open transactions begin, by producer; earliest first. */
  readonly #open = new Map<number, number>()
  /** Those whose marker may lie above the high watermark: it could still be cut off. In order of their markers. */
  #ended: EndedTransaction[]
  readonly #verifications = new Map<number, Verification>()

  constructor(entries: Iterable<ProducerEntry> = [], ended: Iterable<EndedTransaction> = []) {
    const open: (readonly [number, number])[] = []
    for (const entry of entries) {
      this.#entries.set(entry.producerId, entry)
      if (entry.openOffset !== undefined) open.push([entry.producerId, entry.openOffset])
    }
    for (const [producerId, offset] of open.sort((a, b) => a[1] - b[1])) this.#open.set(producerId, offset)
    this.#ended = [...ended]
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#entries.values()
  }

  get ended(): readonly EndedTransaction[] {
    return this.#ended
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId)
  }

  /** Under this epoch; left out: any. */
  hasOpenTransaction(producerId: number, producerEpoch?: number): boolean {
    if (!this.#open.has(producerId)) return false
    return producerEpoch === undefined || this.#entries.get(producerId)?.producerEpoch === producerEpoch
  }

  /** Exclusive end of what is decided and cannot be undone: the high watermark at most. It must never go back. */
  lastStableOffset(highWatermark: number): number {
    while (this.#ended.length > 0 && this.#ended[0]!.lastOffset < highWatermark) this.#ended.shift()
    let offset = highWatermark
    for (const { firstOffset } of this.#ended) offset = Math.min(offset, firstOffset)
    for (const firstOffset of this.#open.values()) return Math.min(offset, firstOffset)
    return offset
  }

  /** To be given with the first batch of a transaction, once the coordinator has confirmed it. */
  beginVerification(producerId: number): Verification {
    const known = this.#verifications.get(producerId)
    if (known) return known
    const verification = Symbol('verification')
    this.#verifications.set(producerId, verification)
    return verification
  }

  /** The coordinator has refused, or did not answer. */
  endVerification(producerId: number, verification: Verification): void {
    if (this.#verifications.get(producerId) === verification) this.#verifications.delete(producerId)
  }

  /**
   * The earlier append of this very batch, whose offsets are then the answer; undefined when the batch comes next.
   * @throws MillraceError INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE
   */
  check(batch: BatchView, where: string): ProducedBatch | undefined {
    const entry = this.#entries.get(batch.producerId)
    // A producer that was forgotten may go on where it is.
    if (!entry) return undefined
    const { baseSequence, lastSequence, producerEpoch } = batch
    if (producerEpoch < entry.producerEpoch) throw oldEpoch(entry, producerEpoch, where)
    // What brokers write for a producer, its committed offsets, has no sequence.
    if (baseSequence < 0) return undefined
    if (!batch.isTransactional && entry.openOffset !== undefined) {
      const what = `producer ${entry.producerId} writes outside of its open transaction`
      throw new MillraceError({ code: 'INVALID_TXN_STATE', what, where })
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
    // After a marker that gave the producer a new epoch the sequence starts again.
    const expected = last ? nextSequence(last.lastSequence) : 0
    if (baseSequence !== expected) throw outOfOrder(entry.producerId, expected, baseSequence, where)
    return undefined
  }

  /**
   * A batch must not open a transaction that its coordinator knows nothing of: no marker would ever end it (KIP-890).
   * @throws MillraceError INVALID_TXN_STATE
   */
  checkVerified(batch: BatchView, verification: Verification | undefined, where: string): void {
    if (!batch.isTransactional || this.hasOpenTransaction(batch.producerId, batch.producerEpoch)) return
    if (verification !== undefined && this.#verifications.get(batch.producerId) === verification) return
    const what = `producer ${batch.producerId} writes in a transaction that has ended, or was not begun here`
    throw new MillraceError({ code: 'INVALID_TXN_STATE', what, where })
  }

  /**
   * Whether a marker may be appended. `isBumped`: it carries a higher epoch than the transaction's records (KIP-890),
   * so one with the same epoch belongs to an earlier transaction (KIP-1228).
   * @throws MillraceError INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED
   */
  checkMarker(batch: BatchView, isBumped: boolean, where: string): void {
    const entry = this.#entries.get(batch.producerId)
    const marker = markerIn(batch)
    if (!entry || !marker) return
    const isLate = isBumped && entry.openOffset !== undefined && batch.producerEpoch === entry.producerEpoch
    if (batch.producerEpoch < entry.producerEpoch || isLate) throw oldEpoch(entry, batch.producerEpoch, where)
    if (marker.coordinatorEpoch >= (entry.coordinatorEpoch ?? -1)) return
    throw new MillraceError({
      code: 'TRANSACTION_COORDINATOR_FENCED',
      what: `the marker is of coordinator epoch ${marker.coordinatorEpoch}, ${entry.coordinatorEpoch} is known`,
      where,
    })
  }

  /** Notes an appended batch, its offsets assigned. Tells when a transaction was ended by it. */
  note(batch: BatchView, nowMs: number): TransactionEnd | undefined {
    const { producerId } = batch
    if (producerId < 0) return undefined
    const marker = batch.isControl ? markerIn(batch) : undefined
    if (marker) return this.#noteMarker(batch, marker, nowMs)
    const entry = this.#entries.get(producerId)
    const before = entry && entry.producerEpoch === batch.producerEpoch ? entry.batches : []
    if (batch.isTransactional && !batch.isControl) {
      this.#verifications.delete(producerId)
      if (!this.#open.has(producerId)) this.#open.set(producerId, batch.baseOffset)
    }
    this.#entries.set(producerId, {
      producerId,
      producerEpoch: batch.producerEpoch,
      lastSeenMs: nowMs,
      batches: batch.baseSequence < 0 ? before : withBatch(before, batch),
      coordinatorEpoch: entry?.coordinatorEpoch,
      openOffset: this.#open.get(producerId),
    })
    return undefined
  }

  /** Forgets producers that have been silent for so long, but for those with an open transaction. */
  expire(nowMs: number, expiryMs: number): void {
    for (const [producerId, entry] of this.#entries) {
      if (entry.openOffset === undefined && nowMs - entry.lastSeenMs > expiryMs) {
        this.#entries.delete(producerId)
      }
    }
  }

  /** A marker carries an epoch, which fences older instances, but no sequence. */
  #noteMarker(batch: BatchView, marker: BatchMarker, nowMs: number): TransactionEnd | undefined {
    const { producerId, producerEpoch, lastOffset } = batch
    const entry = this.#entries.get(producerId)
    this.#verifications.delete(producerId)
    this.#entries.set(producerId, {
      producerId,
      producerEpoch: Math.max(producerEpoch, entry?.producerEpoch ?? -1),
      lastSeenMs: nowMs,
      batches: entry && entry.producerEpoch >= producerEpoch ? entry.batches : [],
      coordinatorEpoch: marker.coordinatorEpoch,
    })
    const firstOffset = this.#open.get(producerId)
    if (firstOffset === undefined) return undefined
    this.#open.delete(producerId)
    this.#ended.push({ producerId, firstOffset, lastOffset })
    const [earliest = lastOffset + 1] = this.#open.values()
    const isAborted = marker.kind === 'abort'
    return { producerId, firstOffset, lastOffset, isAborted, lastStableOffset: earliest }
  }
}

function withBatch(before: readonly ProducedBatch[], batch: BatchView): readonly ProducedBatch[] {
  const noted: ProducedBatch = {
    firstSequence: batch.baseSequence,
    lastSequence: batch.lastSequence,
    firstOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    timestampMs: batch.maxTimestampMs,
  }
  return [...(before.length >= batchesKept ? before.slice(1 - batchesKept) : before), noted]
}

function nextSequence(sequence: number): number {
  return sequence === sequenceMax ? 0 : sequence + 1
}

function oldEpoch(entry: ProducerEntry, producerEpoch: number, where: string): MillraceError {
  return new MillraceError({
    code: 'INVALID_PRODUCER_EPOCH',
    what: `producer ${entry.producerId} writes with epoch ${producerEpoch}, epoch ${entry.producerEpoch} is known`,
    where,
    remedy: 'close the older instance of the producer',
  })
}

function outOfOrder(producerId: number, expected: number, got: number, where: string): MillraceError {
  return new MillraceError({
    code: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    what: `producer ${producerId} sent sequence ${got} where ${expected} comes next`,
    where,
    details: { producerId, expected, got },
  })
}
