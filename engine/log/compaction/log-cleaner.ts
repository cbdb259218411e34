import { isMillraceError } from '../../base/errors.ts'
import { BatchView } from '../../protocol/record-batch-header.ts'
import { RecordCursor } from '../../protocol/record-cursor.ts'
import type { AbortedTransaction } from '../aborted-transactions.ts'
import { compactedFileName } from '../file-names.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogState } from '../log-state.ts'
import type { LogStore, LogWorld } from '../log-store.ts'
import { Segment, type SegmentPlace } from '../segment.ts'
import { batchesOfFile } from './batches-of-file.ts'
import { LatestOffsets } from './latest-offsets.ts'
import { type CompactionPlan, groupSegments, planCompaction } from './plan.ts'
import { BatchRewriter } from './rewrite.ts'

export interface CompactionReport {
  /** Exclusive: all before it is compacted. */
  readonly cleanedOffset: number
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** Kafka's `log.cleaner.dedupe.buffer.size` is 128 MiB for all logs; one is compacted at a time. */
const keyBytesMax = 64 * 1024 * 1024
const checkpointName = 'cleaner-offset-checkpoint'

/** Lets go of records whose key came again, in segments that are full (KIP-58, KIP-354, KIP-534). */
export class LogCleaner {
  /** Exclusive: before it no key comes twice. */
  cleanedOffset = 0
  readonly #world: LogWorld
  readonly #place: SegmentPlace
  readonly #store: LogStore
  readonly #state: LogState
  #isRunning = false
  /** Writings of the checkpoint, one after the other: the last one says what is so. */
  #saving: Promise<void> = Promise.resolve()

  constructor(world: LogWorld, place: SegmentPlace, store: LogStore, state: LogState) {
    this.#world = world
    this.#place = place
    this.#store = store
    this.#state = state
  }

  /** A checkpoint that is lost, or cannot be read, costs one more go through the log. */
  async load(): Promise<void> {
    const path = this.#checkpointPath
    if (!(await this.#world.disk.stat(path))) return
    const offset = Number((await this.#world.disk.readFile(path)).toString())
    if (Number.isSafeInteger(offset) && offset <= this.#state.logEndOffset) this.cleanedOffset = offset
  }

  /** The log was cut off at the offset. */
  async truncated(offset: number): Promise<void> {
    if (offset >= this.cleanedOffset) return
    this.cleanedOffset = offset
    await this.#save()
  }

  /** The log begins anew. */
  async reset(): Promise<void> {
    this.cleanedOffset = 0
    await this.#save()
  }

  /**
   * If there is enough to do. `stableOffset`: what lies behind it is left alone. Undefined: nothing was done, or the log was
   * changed or closed meanwhile. @throws MillraceError CORRUPT_BATCH, and of the disk
   */
  async run(
    stableOffset: number,
    config: LogConfig,
    keysMax = keyBytesMax,
  ): Promise<CompactionReport | undefined> {
    if (!config.compaction || this.#isRunning || this.#store.isReleased) return undefined
    const nowMs = this.#world.clock.nowMs()
    const { segments } = this.#store
    const { cleanedOffset } = this
    const plan = planCompaction({ segments, cleanedOffset, stableOffset, nowMs, config: config.compaction })
    if (!plan) return undefined
    this.#isRunning = true
    const { cuts } = this.#store
    try {
      return await this.#compact(plan, config, nowMs, keysMax)
    } catch (thrown) {
      // What was read was being cut, and looks like anything.
      if (this.#store.cuts !== cuts) return undefined
      // The log was closed, or its segments let go, while they were read.
      const isGone = isMillraceError(thrown, 'FILE_CLOSED') || isMillraceError(thrown, 'FILE_NOT_FOUND')
      if (this.#store.isReleased || isGone) return undefined
      throw thrown
    } finally {
      this.#isRunning = false
    }
  }

  async #compact(
    plan: CompactionPlan,
    config: LogConfig,
    nowMs: number,
    keysMax: number,
  ): Promise<CompactionReport | undefined> {
    const { cuts } = this.#store
    await this.#store.writer.written(plan.endOffset)
    const all = [...this.#store.segments]
    const isAborted = abortedIn(all.flatMap(({ aborted }) => aborted))
    const full = all.filter(({ baseOffset }) => baseOffset < plan.endOffset)
    const { latest, endOffset } = await this.#latestOffsets(full, plan, keysMax, isAborted)
    const { producers } = this.#state
    const rules = {
      latest,
      nowMs,
      deleteRetentionMs: config.compaction?.deleteRetentionMs ?? 0,
      isAborted,
      producer: (producerId: number) => producers.get(producerId),
    }
    const rewriter = new BatchRewriter(rules, this.#world.codecs)
    const bytesBefore = sizeOf(full)
    for (const group of groupSegments(
      full.filter(({ baseOffset }) => baseOffset < endOffset),
      config.segmentBytesMax,
    )) {
      const next = all[all.indexOf(group.at(-1)!) + 1]!
      const ends = { endOffset: next.baseOffset, cuts }
      if (!(await this.#rewriteGroup(group, ends, rewriter))) return undefined
    }
    if (this.#store.cuts !== cuts) return undefined
    this.cleanedOffset = endOffset
    await this.#save()
    const left = this.#store.segments.filter(({ baseOffset }) => baseOffset < plan.endOffset)
    return { cleanedOffset: endOffset, bytesBefore, bytesAfter: sizeOf(left) }
  }

  /** As far as memory allows: at least one key. */
  async #latestOffsets(
    segments: readonly Segment[],
    { dirtyOffset, endOffset }: CompactionPlan,
    keysMax: number,
    isAborted: (batch: BatchView) => boolean,
  ): Promise<{ latest: LatestOffsets; endOffset: number }> {
    const latest = new LatestOffsets(keysMax)
    for (const [i, segment] of segments.entries()) {
      const segmentEnd = segments[i + 1]?.baseOffset ?? endOffset
      if (segmentEnd <= dirtyOffset) continue
      for await (const batches of this.#batchesOf(segment)) {
        for (const batch of batches) {
          if (batch.isControl || batch.lastOffset < dirtyOffset) continue
          if (batch.isTransactional && isAborted(batch)) continue
          const cursor = new RecordCursor(batch, this.#world.codecs)
          while (cursor.next()) {
            const { key, offset } = cursor
            if (key !== null && offset >= dirtyOffset && !latest.note(key, offset)) {
              return { latest, endOffset: offset }
            }
          }
        }
      }
    }
    return { latest, endOffset }
  }

  /** False when the segments are not there any more. */
  async #rewriteGroup(
    group: readonly Segment[],
    ends: { readonly endOffset: number; readonly cuts: number },
    rewriter: BatchRewriter,
  ): Promise<boolean> {
    const { disk, folder } = this.#place
    const first = group[0]!
    const compacted = Segment.create(this.#place, first.baseOffset, first.createdMs)
    const path = `${folder}/${compactedFileName(first.baseOffset, 'cleaned')}`
    const file = await disk.open(path, 'create')
    const changesBefore = rewriter.changes
    try {
      await file.truncate(0)
      for (const segment of group) {
        for await (const batches of this.#batchesOf(segment)) {
          const position = compacted.sizeBytes
          const pieces: Buffer[] = []
          for (const batch of batches) {
            // The next segment begins where the last batch ends: without it the log would seem to have a hole.
            const kept = rewriter.rewrite(batch, batch.nextOffset >= ends.endOffset)
            if (!kept) continue
            pieces.push(kept)
            compacted.note(new BatchView(kept))
          }
          if (pieces.length > 0) await file.write(position, pieces)
        }
      }
      await file.sync()
    } finally {
      await file.close()
    }
    if (group.length > 1 || rewriter.changes > changesBefore)
      return this.#store.replace(group, compacted, ends)
    await disk.remove(path)
    return true
  }

  #batchesOf(segment: Segment): AsyncGenerator<readonly BatchView[], void, void> {
    const read = (position: number, length: number) => segment.using((file) => file.read(position, length))
    return batchesOfFile(read, segment.sizeBytes, this.#world.codecs)
  }

  #save(): Promise<void> {
    const { disk } = this.#world
    const write = () => disk.writeFileAtomic(this.#checkpointPath, String(this.cleanedOffset))
    // A writing that failed was its own caller's to hear of.
    this.#saving = this.#saving.then(write, write)
    return this.#saving
  }

  get #checkpointPath(): string {
    return `${this.#place.folder}/${checkpointName}`
  }
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function abortedIn(transactions: readonly AbortedTransaction[]): (batch: BatchView) => boolean {
  const byProducer = Map.groupBy(transactions, ({ producerId }) => producerId)
  return ({ producerId, baseOffset }) =>
    byProducer
      .get(producerId)
      ?.some(({ firstOffset, lastOffset }) => firstOffset <= baseOffset && baseOffset <= lastOffset) ?? false
}
