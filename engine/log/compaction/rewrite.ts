import type { Codecs } from '../../environment/index.ts'
import { BatchBuilder } from '../../protocol/batch-builder.ts'
import type { BatchView } from '../../protocol/record-batch-header.ts'
import { RecordCursor } from '../../protocol/record-cursor.ts'
import type { ProducerEntry } from '../producer-state.ts'
import type { LatestOffsets } from './latest-offsets.ts'

export interface RewriteRules {
  readonly latest: LatestOffsets
  readonly nowMs: number
  readonly deleteRetentionMs: number
  /** It belongs to a transaction that was aborted. */
  isAborted(batch: BatchView): boolean
  producer(producerId: number): ProducerEntry | undefined
}

/**
 * Decides batch by batch, in order from the log's start, what stays: the latest record of every key; tombstones, and markers
 * of transactions without records, until their delete horizon (KIP-534); and of each producer that is remembered the last
 * batch, be it empty, so that its sequence can be found again. Offsets stay what they are.
 */
export class BatchRewriter {
  /** Batches that did not stay as they were. */
  changes = 0
  readonly #rules: RewriteRules
  readonly #codecs: Codecs
  /** Producers whose present transaction has records left. */
  readonly #inTransaction = new Set<number>()

  constructor(rules: RewriteRules, codecs: Codecs) {
    this.#rules = rules
    this.#codecs = codecs
  }

  /** The batch, a smaller one in its place, or undefined; `mustStay`: at least its offsets do. */
  rewrite(batch: BatchView, mustStay: boolean): Buffer | undefined {
    const kept = batch.isControl
      ? this.#rewriteMarker(batch, mustStay)
      : this.#rewriteRecords(batch, mustStay)
    if (kept === undefined) this.changes++
    return kept
  }

  #rewriteRecords(batch: BatchView, mustStay: boolean): Buffer | undefined {
    const isAborted = batch.isTransactional && this.#rules.isAborted(batch)
    const kept = isAborted ? { offsets: new Set<number>(), hasTombstone: false } : this.#keptOf(batch)
    if (kept.offsets.size > 0) {
      if (batch.isTransactional) this.#inTransaction.add(batch.producerId)
      const needsHorizon = kept.hasTombstone && !batch.hasDeleteHorizon
      if (kept.offsets.size === batch.recordCount && !needsHorizon) return batch.bytes
      return this.#rebuilt(batch, kept.offsets, needsHorizon)
    }
    if (!mustStay && !this.#isLastOfProducer(batch)) return undefined
    return batch.recordCount === 0 ? batch.bytes : this.#rebuilt(batch, kept.offsets, false)
  }

  #keptOf(batch: BatchView): { offsets: Set<number>; hasTombstone: boolean } {
    const { latest, nowMs } = this.#rules
    const offsets = new Set<number>()
    const isPastHorizon = batch.hasDeleteHorizon && batch.baseTimestampMs < nowMs
    let hasTombstone = false
    const cursor = new RecordCursor(batch, this.#codecs)
    while (cursor.next()) {
      const { key } = cursor
      const isTombstone = cursor.valueLength < 0
      if (key === null || !latest.isLatest(key, cursor.offset) || (isTombstone && isPastHorizon)) continue
      offsets.add(cursor.offset)
      if (isTombstone) hasTombstone = true
    }
    return { offsets, hasTombstone }
  }

  /** A marker is needed while there are records of its transaction, and to know its producer's epoch. */
  #rewriteMarker(batch: BatchView, mustStay: boolean): Buffer | undefined {
    if (batch.recordCount === 0) return mustStay ? batch.bytes : undefined
    const hadRecords = this.#inTransaction.delete(batch.producerId)
    if (hadRecords || this.#isLastOfProducer(batch)) return batch.bytes
    const all = new Set([batch.baseOffset])
    if (!batch.hasDeleteHorizon) return this.#rebuilt(batch, all, true)
    if (batch.baseTimestampMs >= this.#rules.nowMs) return batch.bytes
    return mustStay ? this.#rebuilt(batch, new Set(), false) : undefined
  }

  #isLastOfProducer({ producerId, producerEpoch, lastOffset, isControl }: BatchView): boolean {
    const entry = producerId < 0 ? undefined : this.#rules.producer(producerId)
    if (!entry) return false
    const last = entry.batches.at(-1)
    if (isControl)
      return entry.producerEpoch === producerEpoch && (last === undefined || last.lastOffset < lastOffset)
    return last?.lastOffset === lastOffset
  }

  #rebuilt(batch: BatchView, offsets: ReadonlySet<number>, setsHorizon: boolean): Buffer {
    this.changes++
    const { nowMs, deleteRetentionMs } = this.#rules
    const hasDeleteHorizon = offsets.size > 0 && (setsHorizon || batch.hasDeleteHorizon)
    const baseTimestampMs = setsHorizon ? nowMs + deleteRetentionMs : batch.baseTimestampMs
    const builder = new BatchBuilder(batch.sizeBytes, baseTimestampMs)
    const { baseOffset } = batch
    if (offsets.size > 0) {
      const cursor = new RecordCursor(batch, this.#codecs)
      while (cursor.next()) {
        if (offsets.has(cursor.offset)) {
          builder.appendFrom(cursor, cursor.timestampMs, cursor.offset - baseOffset)
        }
      }
    }
    return builder.build({
      codecs: this.#codecs,
      // Nothing compresses to something: an empty batch is left uncompressed.
      compression: offsets.size > 0 ? batch.compression : 'none',
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      // An empty batch opens no transaction for whoever replays the log.
      isTransactional: batch.isTransactional && offsets.size > 0,
      isControl: batch.isControl,
      baseOffset,
      leaderEpoch: batch.leaderEpoch,
      kept: {
        lastOffsetDelta: batch.lastOffsetDelta,
        maxTimestampMs: batch.maxTimestampMs,
        timestampType: batch.timestampType,
        hasDeleteHorizon,
      },
    })
  }
}
