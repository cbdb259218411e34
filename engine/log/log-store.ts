import type { Environment } from '../environment/index.ts'
import type { BatchView } from '../protocol/record-batch-header.ts'
import type { ReadLimits } from './batch-walk.ts'
import { swapIn } from './compaction/swap.ts'
import { compactedFileName } from './file-names.ts'
import type { LogConfig } from './log-config.ts'
import { emptyRead, type LogRead, readSegment } from './log-reader.ts'
import type { LogState } from './log-state.ts'
import { LogTail } from './log-tail.ts'
import { LogWriter } from './log-writer.ts'
import type { RecoveredLog } from './recovery.ts'
import { Segment, type SegmentPlace } from './segment.ts'
import type { LogSnapshot } from './snapshot.ts'
import { SnapshotStore } from './snapshot-store.ts'
import type { TailMemory } from './tail-memory.ts'

export type LogWorld = Pick<Environment, 'clock' | 'timers' | 'disk' | 'codecs' | 'log'>

/**
 * Where the batches of a log are: memory, segment files, and snapshots of what they add up to.
 *
 * Invariant "replaying log, snapshot and index gives the same state": the folder holds segments and, per sealed
 * segment, a snapshot that is written after all before it was synced. Opening trusts the latest snapshot that agrees
 * with the files, and reads what lies behind it.
 */
export class LogStore {
  readonly writer: LogWriter
  readonly snapshots: SnapshotStore
  segments: Segment[]
  /** Nothing may be done with the files any more. */
  isReleased = false
  /** Grows with every cut: what was read of the files before it says nothing of what lies there now. */
  cuts = 0
  readonly #world: LogWorld
  readonly #place: SegmentPlace
  readonly #state: LogState
  readonly #tail: LogTail
  readonly #scanned: readonly Segment[]
  #isFolderNew: boolean
  /** What the latest snapshot says of the log's ends; nothing more need be written while they stay. */
  #sealed: { readonly offset: number; readonly logStartOffset: number } | undefined
  /** Work on full segments, behind the appends: one after the other. */
  #background: Promise<void> = Promise.resolve()
  /** A compacted segment has taken, or is taking, their place. */
  readonly #replaced = new WeakSet<Segment>()

  constructor(
    world: LogWorld,
    place: SegmentPlace,
    options: { readonly name: string; readonly memory: TailMemory },
    found: RecoveredLog,
    state: LogState,
  ) {
    this.#world = world
    this.#place = place
    this.#state = state
    this.segments = found.segments
    this.#scanned = found.scanned
    this.#isFolderNew = found.segments.length === 0
    this.#tail = new LogTail(options.memory)
    this.writer = new LogWriter(world.timers, this.#tail, options.name, state.logEndOffset)
    this.snapshots = new SnapshotStore(place, world.codecs, found.snapshotOffsets)
    if (this.segments.length === 0) this.#addSegment(state.logEndOffset)
  }

  get active(): Segment {
    return this.segments.at(-1)!
  }

  get unwrittenBytes(): number {
    return this.#tail.unwrittenBytes
  }

  /** After recovery: gets ready for appends, and makes durable what was only found in good order. */
  async settleIn(wasClean: boolean): Promise<void> {
    await this.active.indexes()
    if (wasClean) {
      this.#sealed = { offset: this.#state.logEndOffset, logStartOffset: this.#state.logStartOffset }
      return
    }
    // The snapshot vouches for all segments.
    for (const segment of this.#scanned) await segment.seal()
    await this.seal()
  }

  /** The batches lie in `records`, one after the other from its start, their offsets assigned. */
  append(records: Buffer, batches: readonly BatchView[], config: LogConfig, nowMs: number): void {
    const { active } = this
    const isAged = active.sizeBytes > 0 && nowMs - active.createdMs > config.segmentMs
    let segment = isAged ? this.roll() : active
    let start = 0
    let startOffset = batches[0]!.baseOffset
    let position = segment.sizeBytes
    for (const batch of batches) {
      if (segment.sizeBytes > 0 && !segment.hasRoomFor(batch, config.segmentBytesMax)) {
        if (batch.position > start) {
          const part = records.subarray(start, batch.position)
          this.#tail.add(segment, position, part, startOffset, this.#state.logEndOffset)
        }
        segment = this.roll()
        start = batch.position
        startOffset = batch.baseOffset
        position = 0
      }
      segment.note(batch)
      const end = this.#state.note(batch, nowMs)
      if (end?.isAborted) segment.noteAborted(end)
    }
    const rest = start === 0 ? records : records.subarray(start)
    this.#tail.add(segment, position, rest, startOffset, this.#state.logEndOffset)
    this.writer.kick()
  }

  /** At once from memory; otherwise from one segment's file. Undefined when the offset has gone meanwhile. */
  read(startOffset: number, limits: ReadLimits): LogRead | Promise<LogRead | undefined> {
    const fromTail = this.#tail.read(startOffset, limits)
    return fromTail ? withSize(fromTail) : this.#readFiles(startOffset, limits)
  }

  /** Begins a new segment; the full one is made durable behind the appends. */
  roll(): Segment {
    const full = this.active
    const snapshot = this.#state.snapshot(this.segments)
    this.#inBackground(async () => {
      await this.writer.written(snapshot.offset)
      // As they are by now: one that was compacted meanwhile has another size.
      const sealed = this.segments.filter(({ baseOffset }) => baseOffset < snapshot.offset)
      await this.#sealWith(full, { ...snapshot, segments: sealed.map(({ facts }) => facts) })
    })
    return this.#addSegment(this.#state.logEndOffset)
  }

  /** Lets the oldest segments go. */
  async drop(dropped: readonly Segment[]): Promise<void> {
    if (dropped.length === 0) return
    this.segments = this.segments.filter((segment) => !dropped.includes(segment))
    const first = this.segments[0]!
    this.#tail.dropBefore(first.baseOffset)
    await this.#inBackground(async () => {
      // Only the name of the first file tells where the log begins: it has to be there before the others go.
      if (first.isFileNew) await this.#createDurably(first)
      for (const segment of dropped) await segment.remove()
    })
  }

  /**
   * Puts a compacted segment, whose file is written and synced as `.cleaned`, in the place of neighbours that end at
   * `endOffset`. False when these have gone meanwhile, or the log was cut since there were `cuts`.
   */
  async replace(
    replaced: readonly Segment[],
    compacted: Segment,
    { endOffset, cuts }: { readonly endOffset: number; readonly cuts: number },
  ): Promise<boolean> {
    const { disk, folder } = this.#place
    const pathOf = (suffix: 'cleaned' | 'swap') =>
      `${folder}/${compactedFileName(compacted.baseOffset, suffix)}`
    let isDone = false
    await this.#inBackground(async () => {
      const isThere = this.cuts === cuts && replaced.every((segment) => this.segments.includes(segment))
      if (this.isReleased || !isThere) {
        await disk.remove(pathOf('cleaned'))
        return
      }
      // Whoever looks an offset up in one of them meanwhile needs no file for it.
      for (const segment of replaced) await segment.indexes()
      await disk.rename(pathOf('cleaned'), pathOf('swap'))
      await disk.syncFolder(folder)
      for (const segment of replaced) this.#replaced.add(segment)
      for (const segment of replaced) await segment.close()
      await swapIn(this.#place, this.snapshots, compacted, endOffset)
      compacted.isFileNew = false
      const at = this.segments.indexOf(replaced[0]!)
      this.segments = this.segments.toSpliced(at, replaced.length, compacted)
      this.#tail.dropBefore(endOffset)
      await compacted.seal()
      isDone = true
    })
    return isDone
  }

  /** Removes the batch that holds the offset and all behind it, durably. Gives the new end. */
  async cutAt(offset: number): Promise<number> {
    await this.#standStill()
    const segment = this.segments.findLast(({ baseOffset }) => baseOffset < offset)!
    const cut = await segment.placeOf(offset)
    await this.snapshots.removeBehind(cut.offset)
    while (this.active !== segment) await this.segments.pop()!.remove()
    // What a newer leader has overruled must not come back after a crash.
    await this.#world.disk.syncFolder(this.#place.folder)
    await segment.truncate(cut.position, cut.offset)
    await segment.using((file) => file.sync())
    this.writer.reset(cut.offset)
    return cut.offset
  }

  /** Removes everything; the next offset is the one given. */
  async startAt(offset: number): Promise<void> {
    await this.#standStill()
    await this.snapshots.removeBehind(-1)
    for (const segment of this.segments.splice(0)) await segment.remove()
    await this.#createDurably(this.#addSegment(offset))
    this.writer.reset(offset)
  }

  /** Makes all that has been appended by now durable; recovery still has to read it. */
  async flush(): Promise<void> {
    const segments = this.segments.slice(-2)
    await this.writer.written(this.#state.logEndOffset)
    await this.#background
    for (const segment of segments) {
      // What took the place of a segment was synced before.
      if (segment.sizeBytes > 0 && !this.#replaced.has(segment)) {
        await segment.using((file) => file.sync())
      }
    }
    await this.#syncNewFiles(segments)
  }

  /** Makes all durable, with a snapshot of it. All must have been written. */
  async seal(): Promise<void> {
    await this.#background
    const { logEndOffset, logStartOffset } = this.#state
    if (this.#sealed?.offset === logEndOffset && this.#sealed.logStartOffset === logStartOffset) return
    await this.#sealWith(this.active, this.#state.snapshot(this.segments))
  }

  /** Nothing more is written, read or kept. */
  async release(): Promise<void> {
    this.isReleased = true
    this.writer.stop()
    await this.#background
    this.#tail.clear()
    for (const segment of this.segments) await segment.close()
  }

  /** What can't be written must not hold the memory of the other logs. */
  forgetMemory(): void {
    this.#tail.clear()
  }

  async #standStill(): Promise<void> {
    // First of all: nothing that comes to the background from here on may touch what is about to go.
    this.cuts++
    await this.writer.written(this.#state.logEndOffset)
    await this.#background
    this.#sealed = undefined
    this.#tail.clear()
  }

  #addSegment(baseOffset: number): Segment {
    const segment = Segment.create(this.#place, baseOffset, this.#world.clock.nowMs())
    this.segments.push(segment)
    return segment
  }

  async #sealWith(segment: Segment, snapshot: LogSnapshot): Promise<void> {
    await segment.seal()
    const bases = this.segments.map(({ baseOffset }) => baseOffset)
    // Also syncs the folder.
    await this.snapshots.write(snapshot, bases)
    this.#sealed = { offset: snapshot.offset, logStartOffset: snapshot.logStartOffset }
    segment.isFileNew = segment.sizeBytes === 0
  }

  #inBackground(action: () => Promise<void>): Promise<void> {
    this.#background = this.#background.then(action).catch((thrown) => this.writer.fail(thrown))
    return this.#background
  }

  async #readFiles(startOffset: number, limits: ReadLimits): Promise<LogRead | undefined> {
    const index = this.segments.findLastIndex((segment) => segment.baseOffset <= startOffset)
    for (const segment of this.segments.slice(Math.max(0, index))) {
      try {
        const endPosition = this.#tail.startPositionIn(segment) ?? segment.sizeBytes
        const found = await readSegment(segment, startOffset, endPosition, limits)
        if (found) return found
      } catch (thrown) {
        if (this.#replaced.has(segment) && !this.writer.failure) {
          await this.#background
          return this.#readFiles(startOffset, limits)
        }
        // Retention may have taken the segment away meanwhile.
        if (startOffset < this.#state.logStartOffset) return undefined
        throw thrown
      }
    }
    // The offset lies in a gap before what is in memory.
    const fromTail = this.#tail.read(this.#tail.startOffset ?? startOffset, limits)
    return fromTail ? withSize(fromTail) : emptyRead
  }

  async #createDurably(segment: Segment): Promise<void> {
    await segment.using((file) => file.sync())
    await this.#world.disk.syncFolder(this.#place.folder)
  }

  async #syncNewFiles(segments: readonly Segment[]): Promise<void> {
    const created = segments.filter((segment) => segment.isFileNew && segment.sizeBytes > 0)
    const { folder } = this.#place
    if (created.length > 0) await this.#world.disk.syncFolder(folder)
    for (const segment of created) segment.isFileNew = false
    if (!this.#isFolderNew) return
    this.#isFolderNew = false
    await this.#world.disk.syncFolder(folder.slice(0, folder.lastIndexOf('/')))
  }
}

function withSize(read: { pieces: Buffer[]; baseOffset: number | undefined }): LogRead {
  return { ...read, sizeBytes: read.pieces.reduce((sum, piece) => sum + piece.length, 0) }
}
