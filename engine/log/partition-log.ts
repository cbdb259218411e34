import { assert } from '../base/assert.ts'
import { isMillraceError, MillraceError } from '../base/errors.ts'
import { type AbortedTransaction, abortedBetween } from './aborted-transactions.ts'
import {
  type AppendResult,
  checkedBatches,
  checkTransactions,
  findDuplicate,
  type LeaderAppendOptions,
  placeBatches,
  replicatedBatches,
} from './append.ts'
import { type CompactionReport, LogCleaner } from './compaction/log-cleaner.ts'
import type { EpochEnd, LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import { checkedRead, emptyRead, type LogRead, type ReadOptions } from './log-reader.ts'
import { LogState } from './log-state.ts'
import { LogStore, type LogWorld } from './log-store.ts'
import { storageError } from './log-writer.ts'
import { replayedProducers } from './producer-replay.ts'
import { ProducerState } from './producer-state.ts'
import { type RecoveredLog, type Recovery, recoverLog, reportRecovery } from './recovery.ts'
import { expiredSegments } from './retention.ts'
import type { SegmentPlace } from './segment.ts'
import type { TailMemory } from './tail-memory.ts'
import {
  maxTimestampOffset,
  offsetForTimestamp,
  type QueriedLog,
  type TimestampOffset,
} from './time-queries.ts'

export interface LogOptions {
  /** `topic-partition`, for messages. */
  readonly name: string
  readonly config: LogConfig
  /** Shared by all logs of a broker. */
  readonly memory: TailMemory
}

/**
 * One replica's log. Appends are visible at once and written behind: `writtenEndOffset` follows. Nothing may be
 * appended while a truncation runs; reads, retention and moves of the start may overlap with appends.
 */
export class PartitionLog {
  readonly name: string
  readonly folder: string
  readonly recovery: Recovery
  config: LogConfig
  readonly #world: LogWorld
  readonly #state: LogState
  readonly #store: LogStore
  readonly #cleaner: LogCleaner
  #tellFailed: ((error: MillraceError) => void) | undefined
  #isClosed = false
  #isChanging = false

  private constructor(world: LogWorld, place: SegmentPlace, options: LogOptions, found: RecoveredLog) {
    this.#world = world
    this.name = options.name
    this.folder = place.folder
    this.config = options.config
    this.recovery = found.recovery
    this.#state = new LogState(found)
    this.#store = new LogStore(world, place, options, found, this.#state)
    this.#cleaner = new LogCleaner(world, place, this.#store, this.#state)
    this.#store.writer.onFailed = (error) => {
      this.#store.forgetMemory()
      world.log.write('error', this.name, error.message)
      this.#tellFailed?.(error)
    }
  }

  /** Makes the folder when it is not there. What was lost is in `recovery`. @throws MillraceError of the disk */
  static async open(world: LogWorld, folder: string, options: LogOptions): Promise<PartitionLog> {
    await world.disk.makeFolder(folder)
    const place = { disk: world.disk, folder, indexIntervalBytes: options.config.indexIntervalBytes }
    const found = await recoverLog(place, world.codecs, world.clock.nowMs())
    const log = new PartitionLog(world, place, options, found)
    reportRecovery(found, options.name, world.log)
    await log.#store.settleIn(found.recovery.wasClean)
    await log.#cleaner.load()
    return log
  }

  get logStartOffset(): number {
    return this.#state.logStartOffset
  }

  /** Next to be assigned. */
  get logEndOffset(): number {
    return this.#state.logEndOffset
  }

  /** Exclusive: what lies before it survives the end of this process, though not of the machine. */
  get writtenEndOffset(): number {
    return this.#store.writer.writtenEndOffset
  }

  /** Appended and not yet written; for back-pressure. */
  get unwrittenBytes(): number {
    return this.#store.unwrittenBytes
  }

  get sizeBytes(): number {
    return this.#store.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  get segmentCount(): number {
    return this.#store.segments.length
  }

  get leaderEpochs(): LeaderEpochs {
    return this.#state.leaderEpochs
  }

  get producers(): ProducerState {
    return this.#state.producers
  }

  /** Exclusive end of what readers of committed data may see. The high watermark must never go back. */
  lastStableOffset(highWatermark: number): number {
    const stable = this.#state.producers.lastStableOffset(highWatermark)
    return Math.max(stable, Math.min(this.#state.logStartOffset, highWatermark))
  }

  /** The aborted transactions with records between the offsets, the second exclusive. */
  abortedBetween(startOffset: number, endOffset: number): AbortedTransaction[] {
    const lists = this.#store.segments.map(({ aborted }) => aborted)
    return abortedBetween(lists, startOffset, endOffset)
  }

  /** Why nothing can be appended any more; the log must be opened anew. */
  get failure(): MillraceError | undefined {
    return this.#store.writer.failure
  }

  /** After each write: `writtenEndOffset` has moved. One handler. */
  onWritten(handler: () => void): void {
    this.#store.writer.onWritten = handler
  }

  /** Once, when a write failed. One handler. */
  onFailed(handler: (error: MillraceError) => void): void {
    this.#tellFailed = handler
  }

  /**
   * Appends what a client sent: checks it, gives it offsets and the leader epoch in place, and keeps the buffer. Either
   * all batches are appended or none.
   * @throws MillraceError CORRUPT_BATCH, UNSUPPORTED_RECORD_FORMAT, INVALID_RECORD, MESSAGE_TOO_LARGE,
   * INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE, TRANSACTION_COORDINATOR_FENCED,
   * KAFKA_STORAGE_ERROR
   */
  appendAsLeader(records: Buffer, leaderEpoch: number, options: LeaderAppendOptions = {}): AppendResult {
    this.#assertAppendable()
    const { codecs, clock } = this.#world
    const isLogAppendTime = this.config.timestampType === 'log-append'
    const isClient = options.origin !== 'internal'
    const batches = checkedBatches(records, codecs, this.config, isClient, this.name)
    const earlier = findDuplicate(batches, this.#state.producers, this.name)
    if (earlier) {
      const { firstOffset: baseOffset, lastOffset, timestampMs } = earlier
      return {
        baseOffset,
        lastOffset,
        logAppendTimeMs: isLogAppendTime ? timestampMs : -1,
        isDuplicate: true,
      }
    }
    checkTransactions(batches, this.#state.producers, options, this.name)
    const nowMs = clock.nowMs()
    const baseOffset = this.#state.logEndOffset
    const endOffset = placeBatches(batches, baseOffset, leaderEpoch)
    if (isLogAppendTime) for (const batch of batches) batch.setLogAppendTime(nowMs, codecs)
    this.#store.append(records, batches, this.config, nowMs)
    return {
      baseOffset,
      lastOffset: endOffset - 1,
      logAppendTimeMs: isLogAppendTime ? nowMs : -1,
      isDuplicate: false,
    }
  }

  /**
   * Appends what the leader sent, offsets and epochs as they are, and keeps the buffer. Gives the new end of the log.
   * @throws MillraceError CORRUPT_BATCH, OFFSETS_OUT_OF_ORDER, KAFKA_STORAGE_ERROR
   */
  appendAsFollower(records: Buffer): number {
    this.#assertAppendable()
    const { codecs, clock } = this.#world
    const batches = [...replicatedBatches(records, codecs, this.#state.logEndOffset, this.name)]
    const last = batches.at(-1)
    if (last) {
      const whole = records.subarray(0, last.position + last.sizeBytes)
      this.#store.append(whole, batches, this.config, clock.nowMs())
    }
    return this.#state.logEndOffset
  }

  /**
   * Whole batches from the one that holds the offset on. At once when they are in memory; otherwise from one segment's
   * file.
   * @throws MillraceError OFFSET_OUT_OF_RANGE before the start or behind the end, CORRUPT_BATCH for what has rotted on disk
   */
  read(startOffset: number, bytesMax: number, options: ReadOptions = {}): LogRead | Promise<LogRead> {
    const { logStartOffset, logEndOffset } = this.#state
    if (startOffset < logStartOffset || startOffset > logEndOffset) throw this.#outOfRange(startOffset)
    const endOffset = Math.min(options.endOffset ?? logEndOffset, logEndOffset)
    if (startOffset >= endOffset) return emptyRead
    const minOneBatch = options.minOneBatch ?? true
    const read = this.#store.read(startOffset, { endOffset, bytesMax, minOneBatch })
    if (!(read instanceof Promise)) return read
    return read.then((found) => {
      if (!found) throw this.#outOfRange(startOffset)
      return this.#intact(found)
    })
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
    this.#state.leaderEpochs.assign(leaderEpoch, this.#state.logEndOffset)
  }

  /** See `LeaderEpochs.endOffsetFor`. */
  endOffsetFor(leaderEpoch: number): EpochEnd | undefined {
    return this.#state.leaderEpochs.endOffsetFor(leaderEpoch, this.#state.logEndOffset)
  }

  /** Resolves when all that has been appended by now is written. @throws MillraceError KAFKA_STORAGE_ERROR */
  written(): Promise<void> {
    return this.#store.writer.written(this.#state.logEndOffset)
  }

  /** Makes all that has been appended by now durable; recovery still has to read it. */
  flush(): Promise<void> {
    return this.#store.flush()
  }

  /**
   * Lets go of the oldest segments by age and size, never of what reaches the high watermark, and of producers that
   * have been idle for long. Gives the number of segments removed.
   */
  async applyRetention(highWatermark: number): Promise<number> {
    this.#assertAppendable()
    const nowMs = this.#world.clock.nowMs()
    const { segments, active } = this.#store
    this.#state.producers.expire(nowMs, this.config.producerExpiryMs)
    const expired = expiredSegments(segments, this.config, nowMs, highWatermark, this.#state.logEndOffset)
    if (expired.at(-1) === active) this.#store.roll()
    await this.#dropSegments(expired.length)
    return expired.length
  }

  /**
   * Lets go of records whose key came again, where the log is to be compacted and it is worth while; never of what reaches
   * the high watermark, or an open transaction. Appends and reads go on meanwhile. Undefined: nothing was done.
   * @throws MillraceError CORRUPT_BATCH, and of the disk
   */
  async compact(highWatermark: number): Promise<CompactionReport | undefined> {
    this.#assertAppendable()
    try {
      return await this.#cleaner.run(this.lastStableOffset(highWatermark), this.config)
    } catch (thrown) {
      if (isMillraceError(thrown, 'CORRUPT_BATCH')) await this.#giveUp(thrown)
      throw thrown
    }
  }

  /** Records before the offset are gone. Until the next snapshot a crash may bring the rest of their segment back. */
  async advanceLogStart(offset: number): Promise<void> {
    if (offset <= this.#state.logStartOffset) return
    if (offset > this.#state.logEndOffset) throw this.#outOfRange(offset)
    this.#state.logStartOffset = offset
    this.#state.leaderEpochs.truncateFromStart(offset)
    await this.#dropSegments(this.#store.segments.findLastIndex(({ baseOffset }) => baseOffset <= offset))
  }

  /**
   * Removes the batch that holds the offset and all behind it. Gives the new end, which lies before the offset if that
   * is in the middle of a batch.
   */
  async truncateTo(offset: number): Promise<number> {
    if (offset >= this.#state.logEndOffset) return this.#state.logEndOffset
    if (offset <= this.#store.segments[0]!.baseOffset) {
      await this.truncateFullyAndStartAt(offset)
      return offset
    }
    await this.#change(async () => {
      const end = await this.#store.cutAt(offset)
      await this.#cleaner.truncated(end)
      this.#state.logEndOffset = end
      this.#state.logStartOffset = Math.min(this.#state.logStartOffset, end)
      this.#state.leaderEpochs.truncateFromEnd(end)
      await this.#rebuildProducers()
    })
    return this.#state.logEndOffset
  }

  /** Forgets everything; the next offset is the one given. */
  async truncateFullyAndStartAt(offset: number): Promise<void> {
    await this.#change(async () => {
      await this.#store.startAt(offset)
      await this.#cleaner.reset()
      this.#state.logStartOffset = offset
      this.#state.logEndOffset = offset
      this.#state.leaderEpochs.clear()
      this.#state.producers = new ProducerState()
    })
  }

  /** Writes what is left and, when clean, makes it durable with a snapshot: the next opening reads nothing. */
  async close(options: { clean: boolean }): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      await this.written()
      if (options.clean) await this.#store.seal()
    } finally {
      await this.#store.release()
    }
  }

  /** As if the process had ended now: nothing more is written. */
  async abandon(): Promise<void> {
    this.#isClosed = true
    await this.#store.release()
  }

  /** Closes the log and removes its folder. */
  async remove(): Promise<void> {
    await this.abandon()
    await this.#world.disk.remove(this.folder)
  }

  async #dropSegments(count: number): Promise<void> {
    if (count === 0) return
    const dropping = this.#store.drop(this.#store.segments.slice(0, count))
    this.#state.logStartOffset = Math.max(this.#state.logStartOffset, this.#store.segments[0]!.baseOffset)
    this.#state.leaderEpochs.truncateFromStart(this.#state.logStartOffset)
    await dropping
  }

  /** What comes from a file may have rotted since it was written: it is never given out. */
  async #intact(found: LogRead): Promise<LogRead> {
    try {
      return checkedRead(found, this.#world.codecs)
    } catch (thrown) {
      if (isMillraceError(thrown, 'CORRUPT_BATCH')) await this.#giveUp(thrown)
      throw thrown
    }
  }

  /**
   * The log is damaged: nothing is appended any more, and nothing vouches for what lies there. The next opening reads it all, and
   * cuts it at the last good batch; what is missing then comes from the leader.
   */
  async #giveUp({ what }: MillraceError): Promise<void> {
    if (this.failure || this.#isClosed) return
    await this.#store.snapshots.removeBehind(-1)
    const remedy = 'start the broker again: it cuts the log at the last good batch and fetches the rest anew'
    this.#store.writer.fail(
      new MillraceError({ code: 'CORRUPT_BATCH', what: `damaged data: ${what}`, where: this.folder, remedy }),
    )
  }

  async #change(action: () => Promise<void>): Promise<void> {
    this.#assertAppendable()
    this.#isChanging = true
    try {
      await action()
    } finally {
      this.#isChanging = false
    }
  }

  async #rebuildProducers(): Promise<void> {
    const snapshot = await this.#store.snapshots.latest()
    this.#state.producers = await replayedProducers(this.#queried(), snapshot, this.#world.clock.nowMs())
  }

  #queried(): QueriedLog {
    const state = this.#state
    return {
      segments: this.#store.segments,
      get logStartOffset() {
        return state.logStartOffset
      },
      get logEndOffset() {
        return state.logEndOffset
      },
      readAt: (offset, bytesMax) => this.read(offset, bytesMax),
    }
  }

  #assertAppendable(): void {
    if (this.failure) throw this.failure
    if (this.#isClosed) throw storageError('the log is closed', this.name)
    assert(!this.#isChanging, `${this.name} is changed while it is being truncated`)
  }

  #outOfRange(offset: number): MillraceError {
    const { logStartOffset, logEndOffset } = this.#state
    return new MillraceError({
      code: 'OFFSET_OUT_OF_RANGE',
      what: `offset ${offset} is not in the log, which holds ${logStartOffset} to ${logEndOffset}`,
      where: this.name,
      details: { logStartOffset, logEndOffset },
    })
  }
}
