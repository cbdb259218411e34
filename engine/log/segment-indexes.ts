import type { BatchView } from '../protocol/record-batch-header.ts'
import { OffsetIndex } from './offset-index.ts'
import type { SegmentFacts } from './snapshot.ts'
import { TimeIndex } from './time-index.ts'

/** The two sparse indexes of a segment, which get an entry at the same batches. */
export class SegmentIndexes {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
  #bytesSinceEntry = 0

  constructor(baseOffset: number, offsets = new OffsetIndex(baseOffset), times = new TimeIndex(baseOffset)) {
    this.offsets = offsets
    this.times = times
  }

  /** `before` is the segment as it was before the batch. */
  note(batch: BatchView, position: number, before: SegmentFacts, intervalBytes: number): void {
    if (this.#bytesSinceEntry > intervalBytes) {
      this.offsets.add(batch.baseOffset, position)
      this.close(before)
      this.#bytesSinceEntry = 0
    }
    this.#bytesSinceEntry += batch.sizeBytes
  }

  /** The last entry of the time index holds the highest timestamp of all. */
  close({ maxTimestampMs, maxTimestampOffset }: SegmentFacts): void {
    if (maxTimestampMs >= 0) this.times.add({ timestampMs: maxTimestampMs, offset: maxTimestampOffset })
  }

  /** Forgets what lies at and behind a batch, and gives the position behind which batches have to be noted again. */
  truncate(position: number, offset: number): number {
    this.offsets.truncate(position)
    this.times.truncate(offset)
    this.#bytesSinceEntry = 0
    return this.offsets.lastPosition
  }

  /** Undefined when the bytes are no indexes of that segment. */
  static decode(facts: SegmentFacts, offsetBytes: Buffer, timeBytes: Buffer): SegmentIndexes | undefined {
    const offsets = OffsetIndex.decode(facts.baseOffset, offsetBytes, facts.sizeBytes)
    const times = TimeIndex.decode(facts.baseOffset, timeBytes)
    if (!offsets || !times) return undefined
    if (times.last && times.last.timestampMs > facts.maxTimestampMs) return undefined
    return new SegmentIndexes(facts.baseOffset, offsets, times)
  }
}
