import { MillraceError } from '../../base/errors.ts'
import type { Codecs } from '../../environment/index.ts'
import { markerKindOf } from '../../protocol/control-records.ts'
import { splitBatches, validateBatch } from '../../protocol/record-batch.ts'
import type { BatchView } from '../../protocol/record-batch-header.ts'
import { RecordCursor } from '../../protocol/record-cursor.ts'
import type { ConsumerRecord, Header } from '../api.ts'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

const noHeaders: readonly Header[] = []

/** What one fetch gave for one partition, decoded record by record as it is asked for. */
export class FetchedBatches {
  readonly sizeBytes: number
  /** After the last complete batch. */
  readonly nextOffset: number
  /** As the batches' headers have it, before any is left out. */
  readonly recordCount: number
  /** Of the last complete batch. */
  readonly leaderEpoch: number
  readonly #topic: string
  readonly #partition: number
  readonly #codecs: Codecs
  readonly #batches: Iterator<BatchView, void, void>
  readonly #aborted: AbortedTransaction[]
  readonly #abortedProducers = new Set<number>()
  #batch: BatchView | undefined
  #cursor: RecordCursor | undefined
  #isDone = false
  #damage: MillraceError | undefined

  /** @param aborted transactions whose records are to be left out; null to read uncommitted */
  constructor(
    place: { readonly topic: string; readonly partition: number },
    records: Buffer,
    aborted: readonly AbortedTransaction[] | null,
    codecs: Codecs,
  ) {
    this.#topic = place.topic
    this.#partition = place.partition
    this.#codecs = codecs
    this.#aborted = [...(aborted ?? [])].sort((a, b) => a.firstOffset - b.firstOffset)
    let nextOffset = -1
    let leaderEpoch = -1
    let recordCount = 0
    for (const batch of splitBatches(records)) {
      nextOffset = batch.nextOffset
      leaderEpoch = batch.leaderEpoch
      recordCount += batch.recordCount
    }
    this.nextOffset = nextOffset
    this.leaderEpoch = leaderEpoch
    this.recordCount = recordCount
    this.sizeBytes = records.length
    this.#batches = splitBatches(records)
  }

  /** False when there was no complete batch. */
  get hasBatches(): boolean {
    return this.nextOffset >= 0
  }

  /** Everything has been given out. */
  get isDone(): boolean {
    return this.#isDone
  }

  /**
   * Adds up to `countMax` records with an offset of at least `fromOffset` to `out`. Damage behind good records is
   * kept for the next call.
   * @throws MillraceError CORRUPT_BATCH
   */
  take(out: ConsumerRecord[], countMax: number, fromOffset: number): number {
    if (this.#damage !== undefined) throw this.#damage
    const before = out.length
    try {
      this.#take(out, before + countMax, fromOffset)
    } catch (thrown) {
      const where = `${this.#topic}-${this.#partition}, ${thrown instanceof MillraceError ? thrown.where : ''}`
      this.#damage = MillraceError.from(thrown)
      this.#damage = new MillraceError({ ...this.#damage.toJSON(), where, cause: thrown })
      if (out.length === before) throw this.#damage
    }
    return out.length - before
  }

  #take(out: ConsumerRecord[], lengthMax: number, fromOffset: number): void {
    while (out.length < lengthMax) {
      const cursor = this.#current()
      if (cursor === undefined) {
        this.#isDone = true
        return
      }
      const leaderEpoch = this.#batch!.leaderEpoch
      const timestampType = this.#batch!.timestampType === 'create' ? 'create' : 'append'
      while (out.length < lengthMax && cursor.next()) {
        if (cursor.offset >= fromOffset) out.push(this.#record(cursor, leaderEpoch, timestampType))
      }
      if (out.length < lengthMax) this.#cursor = undefined
    }
  }

  #record(
    cursor: RecordCursor,
    leaderEpoch: number,
    timestampType: ConsumerRecord['timestampType'],
  ): ConsumerRecord {
    return {
      topic: this.#topic,
      partition: this.#partition,
      offset: cursor.offset,
      timestampMs: cursor.timestampMs,
      timestampType,
      key: cursor.key,
      value: cursor.value,
      headers: cursor.headerCount === 0 ? noHeaders : cursor.headers(),
      leaderEpoch,
      sizeBytes: cursor.contentEnd - cursor.contentStart,
    }
  }

  /** The cursor of the batch being read: of the next one with records for the caller once that is at its end. */
  #current(): RecordCursor | undefined {
    while (this.#cursor === undefined) {
      const next = this.#batches.next()
      if (next.done) return undefined
      const batch = validateBatch(next.value.buffer, next.value.position, this.#codecs)
      if (this.#isForCaller(batch)) {
        this.#batch = batch
        this.#cursor = new RecordCursor(batch, this.#codecs)
      }
    }
    return this.#cursor
  }

  /** Markers and what belongs to aborted transactions are left out (KIP-98). */
  #isForCaller(batch: BatchView): boolean {
    while (this.#aborted[0] !== undefined && this.#aborted[0].firstOffset <= batch.lastOffset) {
      this.#abortedProducers.add(this.#aborted.shift()!.producerId)
    }
    if (batch.isControl) {
      const cursor = new RecordCursor(batch, this.#codecs)
      if (cursor.next() && markerKindOf(cursor.key) === 'abort')
        this.#abortedProducers.delete(batch.producerId)
      return false
    }
    return !(batch.isTransactional && this.#abortedProducers.has(batch.producerId))
  }
}
