import { assert } from '../base/assert.ts'
import { MillraceError } from '../base/errors.ts'
import type { Environment } from '../environment/index.ts'
import type { BatchView } from '../protocol/record-batch-header.ts'
import {
  type AppendResult,
  checkedBatches,
  findDuplicate,
  type LeaderAppendOptions,
  replicatedBatches,
} from './append.ts'
import type { ReadLimits } from './batch-walk.ts'
import type { EpochEnd, LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import { emptyRead, type LogRead, readSegment } from './log-reader.ts'
import { LogTail } from './log-tail.ts'
import { LogWriter, storageError } from './log-writer.ts'
import { ProducerState } from './producer-state.ts'
import { type RecoveredLog, type Recovery, recoverLog } from './recovery.ts'
import { expiredSegments } from './retention.ts'
import { Segment, type SegmentPlace } from './segment.ts'
import type { LogSnapshot } from './snapshot.ts'
import { SnapshotStore } from './snapshot-store.ts'
import type { TailMemory } from './tail-memory.ts'
import {
  maxTimestampOffset,
  offsetForTimestamp,
  type QueriedLog,
  scanBatches,
  type TimestampOffset,
} from './time-queries.ts'

export type LogWorld = Pick<Environment, 'clock' | 'timers' | 'disk' | 'codecs' | 'log'>

export interface LogOptions {
  /** `topic-partition`, for messages. */
  readonly name: string
  readonly config: LogConfig
  /** Shared by all logs of a broker. */
  readonly memory: TailMemory
}

export interface ReadOptions {
  /** Exclusive; batches that reach it are left out. The log's end when left out. */
  readonly endOffset?: number
  /** Gives the first batch even when it is larger than asked for (KIP-74). On by default. */
  readonly minOneBatch?: boolean
}

/**
 * One replica's log. Appends are visible at once and written behind: `writtenEndOffset` follows. The methods that
 * change the log other than by appending must not overlap with each other or with appends.
 *
 * Invariant "replaying log, snapshot and index gives the same state": the folder holds segments and, per sealed
 * segment, a snapshot that is written after all before it was synced. Opening trusts the latest snapshot that agrees
 * with the files, and reads what lies behind it.
 */
export class PartitionLog {
  readonly name: string
  readonly folder: string
  readonly recovery: Recovery
  readonly leaderEpochs: LeaderEpochs
  config: LogConfig
  readonly #world: LogWorld
  readonly #place: SegmentPlace
  readonly #tail: LogTail
  readonly #writer: LogWriter
  readonly #snapshots: SnapshotStore
  #segments: Segment[]
  #producers: ProducerState
  #logStartOffset: number
  #logEndOffset: number
  #isFolderNew: boolean
  #tellFailed: ((error: MillraceError) => void) | undefined
  #isClosed = false
  #isChanging = false
  /** Work on full segments, behind the appends: one after the other. */
  #background: Promise<void> = Promise.resolve()

  private constructor(world: LogWorld, place: SegmentPlace, options: LogOptions, found: RecoveredLog) {
    this.#isFolderNew = found.segments.length === 0
    this.#world = world
    this.#place = place
    this.name = options.name
    this.folder = place.folder
    this.config = options.config
    this.recovery = found.recovery
    this.leaderEpochs = found.leaderEpochs
    this.#producers = found.producers
    this.#segments = found.segments
    this.#logStartOffset = found.logStartOffset
    this.#logEndOffset = found.logEndOffset
    this.#tail = new LogTail(options.memory)
    this.#writer = new LogWriter(world.timers, this.#tail, options.name, found.logEndOffset)
    this.#snapshots = new SnapshotStore(place, world.codecs, found.snapshotOffsets)
    this.#writer.onFailed = (error) => {
      // What can't be written must not hold the memory of the other logs.
      this.#tail.clear()
      this.#world.log.write('error', this.name, error.message)
      this.#tellFailed?.(error)
    }
    if (this.#segments.length === 0) this.#addSegment(this.#logEndOffset)
  }

  /** Makes the folder when it is not there. @throws MillraceError of the disk */
  static async open(world: LogWorld, folder: string, options: LogOptions): Promise<PartitionLog> {
    await world.disk.makeFolder(folder)
    const place = { disk: world.disk, folder, indexIntervalBytes: options.config.indexIntervalBytes }
    const found = await recoverLog(place, world.codecs, world.clock.nowMs())
    const log = new PartitionLog(world, place, options, found)
    await log.#segments.at(-1)!.indexes()
    log.#report()
    if (!found.recovery.wasClean) {
      // The snapshot vouches for all segments: those that were only found in good order have to be made durable first.
      for (const segment of found.scanned) await segment.seal()
      await log.#seal(log.#segments.at(-1)!, log.#snapshot())
    }
    return log
  }

  get logStartOffset(): number {
    return this.#logStartOffset
  }

  /** Next to be assigned. */
  get logEndOffset(): number {
    return this.#logEndOffset
  }

  /** Exclusive: what lies before it survives the end of this process, though not of the machine. */
  get writtenEndOffset(): number {
    return this.#writer.writtenEndOffset
  }

  /** Appended and not yet written; for back-pressure. */
  get unwrittenBytes(): number {
    return this.#tail.unwrittenBytes
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  get segmentCount(): number {
    return this.#segments.length
  }

  get producers(): ProducerState {
    return this.#producers
  }

  /** Why nothing can be appended any more; the log must be opened anew. */
  get failure(): MillraceError | undefined {
    return this.#writer.failure
  }

  /** After each write: `writtenEndOffset` has moved. One handler. */
  onWritten(handler: () => void): void {
    this.#writer.onWritten = handler
  }

  /** Once, when a write failed. One handler. */
  onFailed(handler: (error: MillraceError) => void): void {
    this.#tellFailed = handler
  }

  /**
   * Appends what a client sent: checks it, gives it offsets and the leader epoch in place, and keeps the buffer. Either all
   * batches are appended or none.
   * @throws MillraceError CORRUPT_BATCH, UNSUPPORTED_RECORD_FORMAT, INVALID_RECORD, MESSAGE_TOO_LARGE,
   * INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, KAFKA_STORAGE_ERROR
   */
  appendAsLeader(records: Buffer, leaderEpoch: number, options: LeaderAppendOptions = {}): AppendResult {
    this.#assertAppendable()
    const { codecs, clock } = this.#world
    const isClient = options.origin !== 'internal'
    const batches = checkedBatches(records, codecs, this.config, isClient, this.name)
    const earlier = findDuplicate(batches, this.#producers, this.name)
    if (earlier) {
      const logAppendTimeMs = this.config.timestampType === 'log-append' ? earlier.timestampMs : -1
      return {
        baseOffset: earlier.firstOffset,
        lastOffset: earlier.lastOffset,
        logAppendTimeMs,
        isDuplicate: true,
      }
    }
    const nowMs = clock.nowMs()
    const logAppendTimeMs = this.config.timestampType === 'log-append' ? nowMs : -1
    const baseOffset = this.#logEndOffset
    let offset = baseOffset
    for (const batch of batches) {
      batch.setBaseOffset(offset)
      batch.setLeaderEpoch(leaderEpoch)
      if (logAppendTimeMs >= 0) batch.setLogAppendTime(logAppendTimeMs, codecs)
      offset = batch.nextOffset
    }
    this.#append(records, batches, nowMs)
    return { baseOffset, lastOffset: offset - 1, logAppendTimeMs, isDuplicate: false }
  }

  /**
   * Appends what the leader sent, offsets and epochs as they are, and keeps the buffer. Gives the new end of the log.
   * @throws MillraceError CORRUPT_BATCH, OFFSETS_OUT_OF_ORDER, KAFKA_STORAGE_ERROR
   */
  appendAsFollower(records: Buffer): number {
    this.#assertAppendable()
    const batches = [...replicatedBatches(records, this.#world.codecs, this.#logEndOffset, this.name)]
    const last = batches.at(-1)
    if (!last) return this.#logEndOffset
    const whole = records.subarray(0, last.position + last.sizeBytes)
    this.#append(whole, batches, this.#world.clock.nowMs())
    return this.#logEndOffset
  }

  /**
   * Whole batches from the one that holds the offset on. At once when they are in memory; otherwise from one segment's file.
   * @throws MillraceError OFFSET_OUT_OF_RANGE before the start or behind the end
   */
  read(startOffset: number, bytesMax: number, options: ReadOptions = {}): LogRead | Promise<LogRead> {
    if (startOffset < this.#logStartOffset || startOffset > this.#logEndOffset)
      throw this.#outOfRange(startOffset)
    const endOffset = Math.min(options.endOffset ?? this.#logEndOffset, this.#logEndOffset)
    if (startOffset >= endOffset) return emptyRead
    const limits = { endOffset, bytesMax, minOneBatch: options.minOneBatch ?? true }
    const fromTail = this.#tail.read(startOffset, limits)
    return fromTail ? withSize(fromTail) : this.#readFiles(startOffset, limits)
  }

  /** The first record at or after the timestamp. */
  offsetForTimestamp(timestampMs: number): Promise<TimestampOffset | undefined> {
    return offsetForTimestamp(this.#queried(), this.#world.codecs, timestampMs)
  }

  /** The first record of those with the highest timestamp. */
  maxTimestampOffset(): Promise<TimestampOffset | undefined> {
    return maxTimestampOffset(this.#queried(), this.#world.codecs)
  }

  /** Notes that a leader epoch begins at the log's end, before its first batch. */
  assignEpoch(leaderEpoch: number): void {
    this.leaderEpochs.assign(leaderEpoch, this.#logEndOffset)
  }

  /** See `LeaderEpochs.endOffsetFor`. */
  endOffsetFor(leaderEpoch: number): EpochEnd | undefined {
    return this.leaderEpochs.endOffsetFor(leaderEpoch, this.#logEndOffset)
  }

  /** Resolves when all that has been appended by now is written. @throws MillraceError KAFKA_STORAGE_ERROR */
  written(): Promise<void> {
    return this.#writer.written(this.#logEndOffset)
  }

  /** Makes all that has been appended by now durable; recovery still has to read it. */
  async flush(): Promise<void> {
    const segments = this.#segments.slice(-2)
    await this.written()
    await this.#background
    for (const segment of segments) {
      if (segment.sizeBytes > 0) await segment.using((file) => file.sync())
    }
    await this.#syncNewFiles(segments)
  }

  /**
   * Lets go of the oldest segments by age and size, never of what reaches the high watermark, and of producers that have
   * been idle for long. Gives the number of segments removed.
   */
  async applyRetention(highWatermark: number): Promise<number> {
    this.#assertAppendable()
    const nowMs = this.#world.clock.nowMs()
    this.#producers.expire(nowMs, this.config.producerExpiryMs)
    const active = this.#segments.at(-1)!
    const expired = expiredSegments(this.#segments, this.config, nowMs, highWatermark, this.#logEndOffset)
    if (expired.at(-1) === active) this.#roll()
    return this.#dropSegments(expired)
  }

  /** Records before the offset are gone. Until the next snapshot a crash may bring the rest of their segment back. */
  async advanceLogStart(offset: number): Promise<void> {
    if (offset <= this.#logStartOffset) return
    if (offset > this.#logEndOffset) throw this.#outOfRange(offset)
    this.#logStartOffset = offset
    this.leaderEpochs.truncateFromStart(offset)
    const later = this.#segments.findIndex((segment) => segment.baseOffset > offset)
    await this.#dropSegments(this.#segments.slice(0, later === -1 ? this.#segments.length - 1 : later - 1))
  }

  /**
   * Removes the batch that holds the offset and all behind it. Gives the new end, which lies before the offset if that
   * is in the middle of a batch.
   */
  async truncateTo(offset: number): Promise<number> {
    if (offset >= this.#logEndOffset) return this.#logEndOffset
    if (offset <= this.#segments[0]!.baseOffset) {
      await this.truncateFullyAndStartAt(offset)
      return offset
    }
    await this.#change(async () => {
      const segment = this.#segments.findLast(({ baseOffset }) => baseOffset < offset)!
      const cut = await segment.placeOf(offset)
      await this.#snapshots.removeBehind(cut.offset)
      while (this.#segments.at(-1) !== segment) await this.#segments.pop()!.remove()
      // Durably: what a newer leader has overruled must not come back after a crash.
      await this.#world.disk.syncFolder(this.folder)
      await segment.truncate(cut.position, cut.offset)
      await segment.using((file) => file.sync())
      this.#logEndOffset = cut.offset
      this.#logStartOffset = Math.min(this.#logStartOffset, this.#logEndOffset)
      this.leaderEpochs.truncateFromEnd(this.#logEndOffset)
      this.#writer.reset(this.#logEndOffset)
      await this.#rebuildProducers()
    })
    return this.#logEndOffset
  }

  /** Forgets everything; the next offset is the one given. */
  async truncateFullyAndStartAt(offset: number): Promise<void> {
    await this.#change(async () => {
      await this.#snapshots.removeBehind(-1)
      for (const segment of this.#segments.splice(0)) await segment.remove()
      this.#logStartOffset = offset
      this.#logEndOffset = offset
      this.leaderEpochs.clear()
      this.#producers = new ProducerState()
      this.#writer.reset(offset)
      const segment = this.#addSegment(offset)
      // Only its name tells where the log begins now.
      await segment.using((file) => file.sync())
      await this.#world.disk.syncFolder(this.folder)
    })
  }

  /** Writes what is left and, when clean, makes it durable with a snapshot: the next opening reads nothing. */
  async close(options: { clean: boolean }): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      await this.written()
      await this.#background
      if (options.clean) await this.#seal(this.#segments.at(-1)!, this.#snapshot())
    } finally {
      await this.#release()
    }
  }

  /** As if the process had ended now: nothing more is written. */
  async abandon(): Promise<void> {
    this.#isClosed = true
    await this.#release()
  }

  /** Closes the log and removes its folder. */
  async remove(): Promise<void> {
    await this.abandon()
    await this.#world.disk.remove(this.folder)
  }

  #append(records: Buffer, batches: readonly BatchView[], nowMs: number): void {
    let segment = this.#activeFor(nowMs)
    let start = 0
    let startOffset = batches[0]!.baseOffset
    let position = segment.sizeBytes
    for (const batch of batches) {
      if (segment.sizeBytes > 0 && !segment.hasRoomFor(batch, this.config.segmentBytesMax)) {
        if (batch.position > start) {
          this.#tail.add(
            segment,
            position,
            records.subarray(start, batch.position),
            startOffset,
            this.#logEndOffset,
          )
        }
        segment = this.#roll()
        start = batch.position
        startOffset = batch.baseOffset
        position = 0
      }
      if (batch.leaderEpoch >= 0) this.leaderEpochs.assign(batch.leaderEpoch, batch.baseOffset)
      segment.note(batch)
      this.#producers.note(batch, nowMs)
      this.#logEndOffset = batch.nextOffset
    }
    const rest = start === 0 ? records : records.subarray(start)
    this.#tail.add(segment, position, rest, startOffset, this.#logEndOffset)
    this.#writer.kick()
  }

  #activeFor(nowMs: number): Segment {
    const active = this.#segments.at(-1)!
    const isAged = active.sizeBytes > 0 && nowMs - active.createdMs > this.config.segmentMs
    return isAged ? this.#roll() : active
  }

  /** Begins a new segment; the full one is made durable behind the appends. */
  #roll(): Segment {
    const full = this.#segments.at(-1)!
    const snapshot = this.#snapshot()
    this.#inBackground(async () => {
      await this.#writer.written(snapshot.offset)
      await this.#seal(full, snapshot)
    })
    return this.#addSegment(this.#logEndOffset)
  }

  #addSegment(baseOffset: number): Segment {
    const segment = Segment.create(this.#place, baseOffset, this.#world.clock.nowMs())
    this.#segments.push(segment)
    return segment
  }

  #snapshot(): LogSnapshot {
    return {
      offset: this.#logEndOffset,
      logStartOffset: this.#logStartOffset,
      segments: this.#segments.map((segment) => segment.facts),
      leaderEpochs: [...this.leaderEpochs.list()],
      producers: [...this.#producers.entries()],
    }
  }

  async #seal(segment: Segment, snapshot: LogSnapshot): Promise<void> {
    await segment.seal()
    const bases = this.#segments.map(({ baseOffset }) => baseOffset)
    // Also syncs the folder.
    await this.#snapshots.write(snapshot, bases)
    segment.isFileNew = segment.sizeBytes === 0
  }

  #inBackground(action: () => Promise<void>): Promise<void> {
    this.#background = this.#background.then(action).catch((thrown) => this.#writer.fail(thrown))
    return this.#background
  }

  async #readFiles(startOffset: number, limits: ReadLimits): Promise<LogRead> {
    const last = this.#segments.findLastIndex((segment) => segment.baseOffset <= startOffset)
    for (const segment of this.#segments.slice(Math.max(0, last))) {
      try {
        const endPosition = this.#tail.startPositionIn(segment) ?? segment.sizeBytes
        const found = await readSegment(segment, startOffset, endPosition, limits)
        if (found) return found
      } catch (thrown) {
        // Retention may have taken the segment away meanwhile.
        if (startOffset < this.#logStartOffset) throw this.#outOfRange(startOffset)
        throw thrown
      }
      // The offset lies in a gap before what is in memory.
      const fromTail = this.#tail.read(this.#tail.startOffset ?? startOffset, limits)
      if (fromTail && segment === this.#segments.at(-1)) return withSize(fromTail)
    }
    return emptyRead
  }

  async #dropSegments(dropped: readonly Segment[]): Promise<number> {
    if (dropped.length === 0) return 0
    this.#segments = this.#segments.filter((segment) => !dropped.includes(segment))
    this.#logStartOffset = Math.max(this.#logStartOffset, this.#segments[0]!.baseOffset)
    this.leaderEpochs.truncateFromStart(this.#logStartOffset)
    this.#tail.dropBefore(this.#segments[0]!.baseOffset)
    const first = this.#segments[0]!
    await this.#inBackground(async () => {
      // Only the name of the first file tells where the log begins: it has to be there before the others go.
      if (first.isFileNew) {
        await first.using((file) => file.sync())
        await this.#world.disk.syncFolder(this.folder)
      }
      for (const segment of dropped) await segment.remove()
    })
    return dropped.length
  }

  /** Alone: all that was appended is written, and nothing is appended meanwhile. */
  async #change(action: () => Promise<void>): Promise<void> {
    this.#assertAppendable()
    this.#isChanging = true
    try {
      await this.written()
      await this.#background
      this.#tail.clear()
      await action()
    } finally {
      this.#isChanging = false
    }
  }

  async #rebuildProducers(): Promise<void> {
    const snapshot = await this.#snapshots.latest()
    const rebuilt = new ProducerState(snapshot?.producers)
    const nowMs = this.#world.clock.nowMs()
    await scanBatches(this.#queried(), Math.max(snapshot?.offset ?? 0, this.#logStartOffset), (batch) => {
      rebuilt.note(batch, nowMs)
      return false
    })
    this.#producers = rebuilt
  }

  async #syncNewFiles(segments: readonly Segment[]): Promise<void> {
    const created = segments.filter((segment) => segment.isFileNew && segment.sizeBytes > 0)
    if (created.length === 0 && !this.#isFolderNew) return
    await this.#world.disk.syncFolder(this.folder)
    if (this.#isFolderNew)
      await this.#world.disk.syncFolder(this.folder.slice(0, this.folder.lastIndexOf('/')))
    this.#isFolderNew = false
    for (const segment of created) segment.isFileNew = false
  }

  async #release(): Promise<void> {
    this.#writer.stop()
    await this.#background
    this.#tail.clear()
    for (const segment of this.#segments) await segment.close()
  }

  #queried(): QueriedLog {
    const log = this
    return {
      segments: this.#segments,
      get logStartOffset() {
        return log.#logStartOffset
      },
      get logEndOffset() {
        return log.#logEndOffset
      },
      readAt: (offset, bytesMax) => this.read(offset, bytesMax),
    }
  }

  #report(): void {
    const { loss, scannedBytes } = this.recovery
    if (loss) {
      const text = `${loss.reason}; the log now ends at offset ${loss.offset}, ${loss.droppedBytes} bytes were dropped`
      this.#world.log.write('warn', this.name, text, { path: loss.path, position: loss.position })
    } else if (scannedBytes > 0) {
      const text = `checked ${scannedBytes} bytes after an unclean stop; the log ends at offset ${this.#logEndOffset}`
      this.#world.log.write('info', this.name, text)
    }
  }

  #assertAppendable(): void {
    if (this.#writer.failure) throw this.#writer.failure
    if (this.#isClosed) throw storageError('the log is closed', this.name)
    assert(!this.#isChanging, `${this.name} is changed while it is being truncated`)
  }

  #outOfRange(offset: number): MillraceError {
    return new MillraceError({
      code: 'OFFSET_OUT_OF_RANGE',
      what: `offset ${offset} is not in the log, which holds ${this.#logStartOffset} to ${this.#logEndOffset}`,
      where: this.name,
      details: { logStartOffset: this.#logStartOffset, logEndOffset: this.#logEndOffset },
    })
  }
}

function withSize(read: { pieces: Buffer[]; baseOffset: number | undefined }): LogRead {
  return { ...read, sizeBytes: read.pieces.reduce((sum, piece) => sum + piece.length, 0) }
}
