import { MillraceError } from '../base/errors.ts'
import type { Disk, DiskFile } from '../environment/index.ts'
import { BatchView, batchHeaderBytes } from '../protocol/record-batch-header.ts'
import { type AbortedTransaction, encodeAborted } from './aborted-transactions.ts'
import { type LogFileKind, logFileName } from './file-names.ts'
import { SegmentIndexes } from './segment-indexes.ts'
import type { SegmentFacts } from './snapshot.ts'

/** Positions and relative offsets are int32 in the indexes. */
const positionMax = 0x7fffffff
const scanBytes = 1024 * 1024

export interface SegmentPlace {
  readonly disk: Disk
  readonly folder: string
  readonly indexIntervalBytes: number
}

/**
 * A stretch of a log in a file of its own, with its indexes. The file comes into being with the first write, the index
 * files when the segment is full or the log is closed: until then recovery would rebuild them anyway.
 */
export class Segment {
  readonly baseOffset: number
  readonly createdMs: number
  /** Of all batches appended, written to the file or not. */
  sizeBytes = 0
  maxTimestampMs = -1
  maxTimestampOffset = -1
  /** Transactions whose abort markers lie in this segment. */
  aborted: AbortedTransaction[] = []
  /** Nothing has been written yet, or its folder has not been synced since. */
  isFileNew: boolean
  readonly #place: SegmentPlace
  #indexes: SegmentIndexes | undefined
  #loading: Promise<SegmentIndexes> | undefined
  #file: Promise<DiskFile> | undefined
  #isClosed = false
  #users = 0
  #tellIdle: (() => void) | undefined

  private constructor(place: SegmentPlace, baseOffset: number, createdMs: number, isFileNew: boolean) {
    this.#place = place
    this.baseOffset = baseOffset
    this.createdMs = createdMs
    this.isFileNew = isFileNew
  }

  static create(place: SegmentPlace, baseOffset: number, createdMs: number): Segment {
    const segment = new Segment(place, baseOffset, createdMs, true)
    segment.#indexes = new SegmentIndexes(baseOffset)
    return segment
  }

  /** Of a file that is there; its indexes are read when they are first needed. */
  static known(place: SegmentPlace, facts: SegmentFacts, createdMs: number): Segment {
    const segment = new Segment(place, facts.baseOffset, createdMs, false)
    segment.sizeBytes = facts.sizeBytes
    segment.maxTimestampMs = facts.maxTimestampMs
    segment.maxTimestampOffset = facts.maxTimestampOffset
    return segment
  }

  get facts(): SegmentFacts {
    const { baseOffset, sizeBytes, maxTimestampMs, maxTimestampOffset } = this
    const facts = { baseOffset, sizeBytes, maxTimestampMs, maxTimestampOffset }
    return this.aborted.length === 0 ? facts : { ...facts, abortedCount: this.aborted.length }
  }

  path(kind: LogFileKind): string {
    return `${this.#place.folder}/${logFileName(this.baseOffset, kind)}`
  }

  hasRoomFor(batch: BatchView, segmentBytesMax: number): boolean {
    if (batch.lastOffset - this.baseOffset > positionMax) return false
    return this.sizeBytes + batch.sizeBytes <= Math.min(segmentBytesMax, positionMax)
  }

  /** Takes the batch, at the end of the segment, into indexes and sizes. The indexes must be loaded. */
  note(batch: BatchView): void {
    if (!this.#indexes) throw new Error('a segment is appended to before its indexes are loaded')
    this.#indexes.note(batch, this.sizeBytes, this.facts, this.#place.indexIntervalBytes)
    if (batch.maxTimestampMs > this.maxTimestampMs) {
      this.maxTimestampMs = batch.maxTimestampMs
      this.maxTimestampOffset = batch.lastOffset
    }
    this.sizeBytes += batch.sizeBytes
  }

  /** Of the batch that was noted last. */
  noteAborted({ producerId, firstOffset, lastOffset, lastStableOffset }: AbortedTransaction): void {
    this.aborted.push({ producerId, firstOffset, lastOffset, lastStableOffset })
  }

  /** Loaded ones at once, without a promise. */
  indexes(): SegmentIndexes | Promise<SegmentIndexes> {
    if (this.#indexes) return this.#indexes
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /** Runs with the file open, and keeps it open meanwhile. @throws MillraceError FILE_CLOSED after `close` */
  async using<T>(action: (file: DiskFile) => Promise<T>): Promise<T> {
    this.#users++
    try {
      return await action(await this.#open())
    } finally {
      this.#users--
      if (this.#users === 0) this.#tellIdle?.()
    }
  }

  /** Makes data and indexes durable. All appended batches must have been written. */
  async seal(): Promise<void> {
    if (this.sizeBytes === 0) return
    const indexes = await this.indexes()
    indexes.close(this.facts)
    await this.#writeIndex('index', indexes.offsets.encode())
    await this.#writeIndex('timeindex', indexes.times.encode())
    // As a whole or not at all: an older snapshot counts on the entries that it knows.
    if (this.aborted.length > 0) {
      await this.#place.disk.writeFileAtomic(this.path('txnindex'), encodeAborted(this.aborted))
    }
    await this.using((file) => file.sync())
  }

  /** Where the batch starts that holds the offset, or the first one behind it; else the end of the segment. */
  async placeOf(offset: number): Promise<{ position: number; offset: number }> {
    const { offsets } = await this.indexes()
    const place = { position: offsets.floorPosition(offset), offset }
    await this.using((file) =>
      scanHeaders(file, place.position, this.sizeBytes, (batch) => {
        if (batch.nextOffset <= offset) place.position += batch.sizeBytes
        else place.offset = Math.min(offset, batch.baseOffset)
        return batch.nextOffset <= offset
      }),
    )
    return place
  }

  /** Cuts the segment where a batch starts that has the offset, or at its end. */
  async truncate(position: number, offset: number): Promise<void> {
    const indexes = await this.indexes()
    this.aborted = this.aborted.filter(({ lastOffset }) => lastOffset < offset)
    this.sizeBytes = indexes.truncate(position, offset)
    this.maxTimestampMs = indexes.times.last?.timestampMs ?? -1
    this.maxTimestampOffset = indexes.times.last?.offset ?? -1
    await this.using(async (file) => {
      await file.truncate(position)
      // What lies behind the last entry that is left is not in the indexes' figures.
      await this.#scan(file, this.sizeBytes, position)
    })
  }

  /** After what runs on the file has ended. For good. */
  async close(): Promise<void> {
    this.#isClosed = true
    const opened = this.#file
    this.#file = undefined
    if (this.#users > 0) {
      await new Promise<void>((resolve) => {
        this.#tellIdle = resolve
      })
    }
    if (opened) await (await opened).close()
  }

  async remove(): Promise<void> {
    await this.close()
    for (const kind of ['index', 'timeindex', 'txnindex', 'log'] as const)
      await this.#place.disk.remove(this.path(kind))
  }

  async #open(): Promise<DiskFile> {
    if (this.#isClosed) {
      throw new MillraceError({ code: 'FILE_CLOSED', what: 'the segment is closed', where: this.path('log') })
    }
    // Only a new one may be created: a file that somebody removed must not come back empty.
    const mode = this.isFileNew ? 'create' : 'read-write'
    const opening = this.#file ?? this.#place.disk.open(this.path('log'), mode)
    this.#file = opening
    try {
      return await opening
    } catch (thrown) {
      if (this.#file === opening) this.#file = undefined
      throw thrown
    }
  }

  async #load(): Promise<SegmentIndexes> {
    const { disk } = this.#place
    const read = async (kind: 'index' | 'timeindex') =>
      (await disk.stat(this.path(kind))) ? await disk.readFile(this.path(kind)) : undefined
    const offsets = await read('index')
    const times = await read('timeindex')
    const loaded = offsets && times && SegmentIndexes.decode(this.facts, offsets, times)
    this.#indexes = loaded ?? (await this.#rebuildIndexes())
    return this.#indexes
  }

  async #rebuildIndexes(): Promise<SegmentIndexes> {
    const scratch = Segment.create(this.#place, this.baseOffset, this.createdMs)
    await this.using((file) => scratch.#scan(file, 0, this.sizeBytes))
    return scratch.#indexes!
  }

  #scan(file: DiskFile, from: number, to: number): Promise<void> {
    return scanHeaders(file, from, to, (batch) => {
      this.note(batch)
      return true
    })
  }

  async #writeIndex(kind: 'index' | 'timeindex', bytes: Buffer): Promise<void> {
    const file = await this.#place.disk.open(this.path(kind), 'create')
    try {
      await file.truncate(0)
      await file.write(0, [bytes])
      await file.sync()
    } finally {
      await file.close()
    }
  }
}

/** The batches whose headers lie between two positions, the first of which starts one, while the callback returns true. */
async function scanHeaders(
  file: DiskFile,
  from: number,
  to: number,
  visit: (batch: BatchView) => boolean,
): Promise<void> {
  let position = from
  while (to - position >= batchHeaderBytes) {
    const buffer = await file.read(position, Math.min(scanBytes, to - position))
    let at = 0
    while (buffer.length - at >= batchHeaderBytes) {
      const batch = new BatchView(buffer, at)
      // A damaged length would lead nowhere: what can be found by scanning ends here.
      if (batch.sizeBytes < batchHeaderBytes || !visit(batch)) return
      at += batch.sizeBytes
    }
    if (at === 0) return
    position += at
  }
}
