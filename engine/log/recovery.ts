import { isMillraceError } from '../base/errors.ts'
import type { Codecs, Disk, DiskFile, LogSink } from '../environment/index.ts'
import { validateBatch } from '../protocol/record-batch.ts'
import { BatchView, batchHeaderBytes } from '../protocol/record-batch-header.ts'
import { type AbortedTransaction, decodeAborted } from './aborted-transactions.ts'
import { hasWholeBatch } from './batch-walk.ts'
import { finishSwaps } from './compaction/swap.ts'
import { logFileName, parseLogFileName } from './file-names.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { ProducerState } from './producer-state.ts'
import { Segment, type SegmentPlace } from './segment.ts'
import { decodeSnapshot, type LogSnapshot, type SegmentFacts } from './snapshot.ts'

/** What opening a log found. */
export interface Recovery {
  /** Everything was as the last close left it; nothing was read. */
  readonly wasClean: boolean
  readonly scannedBytes: number
  /** Present when batches were lost: the log now ends where the first bad one began. */
  readonly loss?: RecoveryLoss
}

interface RecoveryLoss {
  readonly offset: number
  readonly path: string
  readonly position: number
  readonly droppedBytes: number
  readonly reason: string
}

export interface RecoveredLog {
  readonly segments: Segment[]
  /** Those of them that were read, because nothing vouched for them. */
  readonly scanned: Segment[]
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly leaderEpochs: LeaderEpochs
  readonly producers: ProducerState
  readonly snapshotOffsets: number[]
  readonly recovery: Recovery
}

const scanBytes = 4 * 1024 * 1024

interface FoundFile {
  readonly offset: number
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** The log as it lies in the folder; what can't be trusted is checked, and cut off at the first bad batch. */
export async function recoverLog(
  place: SegmentPlace,
  codecs: Pick<Codecs, 'crc32c'>,
  nowMs: number,
): Promise<RecoveredLog> {
  await finishSwaps(place, codecs)
  const { files, snapshotOffsets } = await findFiles(place)
  const { snapshot, aborted, kept, doubt } = await latestSnapshot(place, codecs, files, snapshotOffsets)
  const scan = new RecoveryScan(place, codecs, nowMs, snapshot, aborted)
  for (const file of files) await scan.take(file)
  await removeLater(place, kept, scan.endOffset)
  const loss =
    scan.loss ?? (doubt && scan.endOffset < doubt.offset ? lossByDoubt(place, doubt, scan) : undefined)
  return {
    segments: scan.segments,
    scanned: scan.scanned,
    logStartOffset: Math.max(snapshot?.logStartOffset ?? 0, scan.segments[0]?.baseOffset ?? 0),
    logEndOffset: scan.endOffset,
    leaderEpochs: scan.leaderEpochs,
    producers: scan.producers,
    snapshotOffsets: kept.filter((offset) => offset <= scan.endOffset),
    recovery: { wasClean: scan.scannedBytes === 0 && !loss, scannedBytes: scan.scannedBytes, loss },
  }
}

export function reportRecovery({ recovery, logEndOffset }: RecoveredLog, name: string, log: LogSink): void {
  const { loss, scannedBytes } = recovery
  if (loss) {
    const text = `${loss.reason}; the log now ends at offset ${loss.offset}, ${loss.droppedBytes} bytes were dropped`
    log.write('warn', name, text, { path: loss.path, position: loss.position })
  } else if (scannedBytes > 0) {
    const text = `checked ${scannedBytes} bytes after an unclean stop; the log ends at offset ${logEndOffset}`
    log.write('info', name, text)
  }
}

async function findFiles({
  disk,
  folder,
}: SegmentPlace): Promise<{ files: FoundFile[]; snapshotOffsets: number[] }> {
  const files: FoundFile[] = []
  const snapshotOffsets: number[] = []
  for (const name of await disk.list(folder)) {
    if (name.endsWith('.tmp')) await disk.remove(`${folder}/${name}`)
    const parsed = parseLogFileName(name)
    if (parsed?.kind === 'snapshot') snapshotOffsets.push(parsed.offset)
    if (parsed?.kind !== 'log') continue
    const stat = await disk.stat(`${folder}/${name}`)
    if (stat) files.push({ offset: parsed.offset, sizeBytes: stat.sizeBytes, modifiedMs: stat.modifiedMs })
  }
  return { files, snapshotOffsets }
}

interface Doubt {
  readonly offset: number
  readonly reason: string
}

/** By the base offset of the segment. */
type AbortedBySegment = ReadonlyMap<number, AbortedTransaction[]>

interface Trusted {
  readonly snapshot: LogSnapshot | undefined
  readonly aborted: AbortedBySegment
  readonly kept: number[]
  readonly doubt: Doubt | undefined
}

/** The latest snapshot that the files bear out. Later ones are removed: they speak of what is no longer there. */
async function latestSnapshot(
  place: SegmentPlace,
  codecs: Pick<Codecs, 'crc32c'>,
  files: readonly FoundFile[],
  offsets: readonly number[],
): Promise<Trusted> {
  const { disk, folder } = place
  const kept = [...offsets]
  let doubt: Doubt | undefined
  for (let offset = kept.at(-1); offset !== undefined; offset = kept.at(-1)) {
    const path = `${folder}/${logFileName(offset, 'snapshot')}`
    const snapshot = decodeSnapshot(await disk.readFile(path), codecs)
    const aborted = snapshot && (await readAborted(place, snapshot, files))
    const reason = snapshot ? contradiction(snapshot, files) : 'its snapshot is damaged'
    if (snapshot && aborted instanceof Map && reason === undefined) return { snapshot, aborted, kept, doubt }
    doubt ??= { offset: snapshot?.offset ?? 0, reason: reason ?? String(aborted) }
    await disk.remove(path)
    kept.pop()
  }
  return { snapshot: undefined, aborted: new Map(), kept, doubt }
}

/** Or which file does not hold what the snapshot counts on. */
async function readAborted(
  { disk, folder }: SegmentPlace,
  snapshot: LogSnapshot,
  files: readonly FoundFile[],
): Promise<AbortedBySegment | string> {
  const found = new Map<number, AbortedTransaction[]>()
  for (const { baseOffset, abortedCount = 0 } of snapshot.segments) {
    if (abortedCount === 0 || !files.some(({ offset }) => offset === baseOffset)) continue
    const name = logFileName(baseOffset, 'txnindex')
    const stat = await disk.stat(`${folder}/${name}`)
    const entries = stat && decodeAborted(await disk.readFile(`${folder}/${name}`), abortedCount)
    if (!entries) return `${name} is damaged`
    found.set(baseOffset, entries)
  }
  return found
}

function contradiction(snapshot: LogSnapshot, files: readonly FoundFile[]): string | undefined {
  const first = files[0]?.offset ?? 0
  const last = snapshot.segments.at(-1)
  for (const facts of snapshot.segments) {
    const name = logFileName(facts.baseOffset, 'log')
    const file = files.find(({ offset }) => offset === facts.baseOffset)
    // Retention takes the oldest ones away; an empty one was never written.
    if (!file && (facts.baseOffset < first || facts.sizeBytes === 0)) continue
    if (!file) return `${name} is missing`
    if (file.sizeBytes < facts.sizeBytes) {
      return `${name} has ${file.sizeBytes} bytes instead of ${facts.sizeBytes}`
    }
    if (facts !== last && file.sizeBytes > facts.sizeBytes) {
      return `${name} has grown to ${file.sizeBytes} bytes from ${facts.sizeBytes}`
    }
  }
  return undefined
}

function lossByDoubt({ folder }: SegmentPlace, doubt: Doubt, scan: RecoveryScan): RecoveryLoss {
  const segment = scan.segments.at(-1)
  return {
    offset: scan.endOffset,
    path: segment?.path('log') ?? folder,
    position: segment?.sizeBytes ?? 0,
    droppedBytes: 0,
    reason: doubt.reason,
  }
}

async function removeLater(
  { disk, folder }: SegmentPlace,
  offsets: readonly number[],
  end: number,
): Promise<void> {
  for (const offset of offsets) {
    if (offset > end) await disk.remove(`${folder}/${logFileName(offset, 'snapshot')}`)
  }
}

/** Goes through the segment files in order, from the snapshot on. */
class RecoveryScan {
  readonly segments: Segment[] = []
  readonly scanned: Segment[] = []
  readonly leaderEpochs: LeaderEpochs
  readonly producers: ProducerState
  endOffset: number
  scannedBytes = 0
  loss: RecoveryLoss | undefined
  readonly #place: SegmentPlace
  readonly #disk: Disk
  readonly #codecs: Pick<Codecs, 'crc32c'>
  readonly #nowMs: number
  readonly #trusted: ReadonlyMap<number, SegmentFacts>
  readonly #trustedEnd: number
  readonly #aborted: AbortedBySegment
  #isFirst = true

  constructor(
    place: SegmentPlace,
    codecs: Pick<Codecs, 'crc32c'>,
    nowMs: number,
    snapshot: LogSnapshot | undefined,
    aborted: AbortedBySegment,
  ) {
    this.#aborted = aborted
    this.#place = place
    this.#disk = place.disk
    this.#codecs = codecs
    this.#nowMs = nowMs
    this.#trusted = new Map(snapshot?.segments.map((facts) => [facts.baseOffset, facts]))
    this.#trustedEnd = snapshot?.offset ?? 0
    this.endOffset = this.#trustedEnd
    this.leaderEpochs = new LeaderEpochs(snapshot?.leaderEpochs)
    this.producers = new ProducerState(snapshot?.producers, snapshot?.endedTransactions)
  }

  async take(file: FoundFile): Promise<void> {
    const trusted = this.#trusted.get(file.offset)
    if (this.#isFirst && !trusted && file.offset > this.endOffset) this.endOffset = file.offset
    this.#isFirst = false
    const path = `${this.#place.folder}/${logFileName(file.offset, 'log')}`
    const isMisplaced = !trusted && file.offset !== this.endOffset
    if (this.loss || isMisplaced) {
      const reason = `a gap before ${logFileName(file.offset, 'log')}`
      const known = this.loss ?? { offset: this.endOffset, path, position: 0, droppedBytes: 0, reason }
      this.loss = { ...known, droppedBytes: known.droppedBytes + file.sizeBytes }
      await this.#removeFiles(file.offset)
      return
    }
    const empty = { baseOffset: file.offset, sizeBytes: 0, maxTimestampMs: -1, maxTimestampOffset: -1 }
    const segment = Segment.known(this.#place, trusted ?? empty, file.modifiedMs)
    segment.aborted = [...(this.#aborted.get(file.offset) ?? [])]
    this.segments.push(segment)
    if (file.sizeBytes === segment.sizeBytes) return
    this.scanned.push(segment)
    await this.#scan(segment, file, path)
  }

  async #scan(segment: Segment, file: FoundFile, path: string): Promise<void> {
    // What an earlier life noted behind the trusted part is not to be mixed with what is found now.
    if (segment.sizeBytes === 0) await this.#removeIndexes(segment)
    await segment.indexes()
    const reason = await segment.using((handle) => this.#takeBatches(segment, handle, file.sizeBytes))
    if (reason === undefined) return
    const position = segment.sizeBytes
    await segment.using((handle) => handle.truncate(position))
    this.loss = { offset: this.endOffset, path, position, droppedBytes: file.sizeBytes - position, reason }
  }

  /** Why the rest is bad; undefined when the file was good to its end. */
  async #takeBatches(segment: Segment, file: DiskFile, fileBytes: number): Promise<string | undefined> {
    let windowBytes = scanBytes
    while (segment.sizeBytes < fileBytes) {
      const buffer = await file.read(segment.sizeBytes, Math.min(windowBytes, fileBytes - segment.sizeBytes))
      const reachesEnd = segment.sizeBytes + buffer.length >= fileBytes
      let at = 0
      while (hasWholeBatch(buffer, at, buffer.length) || (reachesEnd && at < buffer.length)) {
        const batch = this.#checked(buffer, at)
        if (typeof batch === 'string') return batch
        segment.note(batch)
        this.#note(batch, segment)
        at += batch.sizeBytes
      }
      this.scannedBytes += at
      // A batch larger than the window; a damaged length ends in a window that reaches the end of the file.
      windowBytes = at === 0 ? windowBytes * 4 : scanBytes
    }
    return undefined
  }

  #checked(buffer: Buffer, at: number): BatchView | string {
    if (buffer.length - at < batchHeaderBytes) return `a batch is cut off after ${buffer.length - at} bytes`
    try {
      const batch = validateBatch(buffer, at, this.#codecs)
      if (batch.baseOffset < this.endOffset)
        return `offset ${batch.baseOffset} comes after ${this.endOffset - 1}`
      // The CRC leaves the base offset out. A gap is what compaction makes; one that later batches fall into is none.
      const after = at + batch.sizeBytes
      const isGap = batch.baseOffset > this.endOffset && hasWholeBatch(buffer, after, buffer.length)
      if (isGap && new BatchView(buffer, after).baseOffset < batch.nextOffset) {
        return `offset ${batch.baseOffset} stands where ${this.endOffset} comes next`
      }
      const { latest } = this.leaderEpochs
      if (latest !== undefined && batch.leaderEpoch < latest) {
        return `leader epoch ${batch.leaderEpoch} comes after ${latest}`
      }
      return batch
    } catch (thrown) {
      if (isMillraceError(thrown)) return thrown.what
      throw thrown
    }
  }

  #note(batch: BatchView, segment: Segment): void {
    if (batch.leaderEpoch >= 0) this.leaderEpochs.assign(batch.leaderEpoch, batch.baseOffset)
    const end = this.producers.note(batch, this.#nowMs)
    if (end?.isAborted) segment.noteAborted(end)
    this.endOffset = batch.nextOffset
  }

  async #removeIndexes(segment: Segment): Promise<void> {
    await this.#disk.remove(segment.path('index'))
    await this.#disk.remove(segment.path('timeindex'))
    await this.#disk.remove(segment.path('txnindex'))
  }

  async #removeFiles(offset: number): Promise<void> {
    for (const kind of ['index', 'timeindex', 'txnindex', 'log'] as const) {
      await this.#disk.remove(`${this.#place.folder}/${logFileName(offset, kind)}`)
    }
  }
}
