/**
 * How a compacted segment takes the place of others, so that a crash at any moment leaves the one or the others:
 * `N.log.cleaned` is written and synced; its renaming to `N.log.swap` decides; then snapshots are made to speak of it, the
 * others' files go, and it gets its name. Whoever finds a `.swap` finishes this, however far it had come.
 */
import { isMillraceError } from '../../base/errors.ts'
import type { Codecs } from '../../environment/index.ts'
import { type AbortedTransaction, decodeAborted, encodeAborted } from '../aborted-transactions.ts'
import { compactedFileName, logFileName, parseCompactedFileName, parseLogFileName } from '../file-names.ts'
import { Segment, type SegmentPlace } from '../segment.ts'
import { SnapshotStore } from '../snapshot-store.ts'
import { batchesOfFile } from './batches-of-file.ts'

/** From the renaming to `.swap` to the end. `endOffset`: where the replaced segments end, exclusive. */
export async function swapIn(
  place: SegmentPlace,
  snapshots: SnapshotStore,
  segment: Segment,
  endOffset: number,
): Promise<void> {
  const { disk, folder } = place
  const { baseOffset } = segment
  const replaced = (await disk.list(folder)).flatMap((name) => {
    const parsed = parseLogFileName(name)
    const isInside = parsed && parsed.offset >= baseOffset && parsed.offset < endOffset
    return isInside && parsed.kind !== 'snapshot' ? [{ ...parsed, path: `${folder}/${name}` }] : []
  })
  const indexes = replaced.filter(({ kind }) => kind === 'txnindex')
  const aborted = mergedAborted(await Promise.all(indexes.map(({ path }) => disk.readFile(path))))
  segment.aborted = aborted
  const abortedPath = `${folder}/${logFileName(baseOffset, 'txnindex')}`
  if (aborted.length > 0) await disk.writeFileAtomic(abortedPath, encodeAborted(aborted))
  await snapshots.replaceSegments(segment.facts, endOffset)
  for (const { offset, kind, path } of replaced) {
    const isOverwritten = offset === baseOffset && (kind === 'log' || kind === 'txnindex')
    if (!isOverwritten) await disk.remove(path)
  }
  // One of them beside the segment that holds its records would look like the end of the log.
  await disk.syncFolder(folder)
  const swapPath = `${folder}/${compactedFileName(baseOffset, 'swap')}`
  await disk.rename(swapPath, `${folder}/${logFileName(baseOffset, 'log')}`)
  await disk.syncFolder(folder)
}

/** Before a log is opened: what had been decided is finished, what had not is forgotten. */
export async function finishSwaps(place: SegmentPlace, codecs: Pick<Codecs, 'crc32c'>): Promise<void> {
  const { disk, folder } = place
  for (const name of await disk.list(folder)) {
    const found = parseCompactedFileName(name)
    if (!found) continue
    const path = `${folder}/${name}`
    const read = found.suffix === 'swap' ? await readSwap(place, found.offset, path, codecs) : undefined
    if (!read) {
      await disk.remove(path)
      continue
    }
    const snapshotOffsets = (await disk.list(folder)).flatMap((each) => {
      const parsed = parseLogFileName(each)
      return parsed?.kind === 'snapshot' ? [parsed.offset] : []
    })
    await swapIn(place, new SnapshotStore(place, codecs, snapshotOffsets), read.segment, read.endOffset)
  }
}

/** Undefined for one that was damaged: then whatever is left of the others counts. */
async function readSwap(
  place: SegmentPlace,
  baseOffset: number,
  path: string,
  codecs: Pick<Codecs, 'crc32c'>,
): Promise<{ segment: Segment; endOffset: number } | undefined> {
  const file = await place.disk.open(path, 'read')
  try {
    const segment = Segment.create(place, baseOffset, 0)
    let endOffset = baseOffset
    const sizeBytes = await file.size()
    for await (const batches of batchesOfFile((at, length) => file.read(at, length), sizeBytes, codecs)) {
      for (const batch of batches) {
        segment.note(batch)
        endOffset = batch.nextOffset
      }
    }
    return { segment, endOffset }
  } catch (thrown) {
    if (isMillraceError(thrown, 'CORRUPT_BATCH')) return undefined
    throw thrown
  } finally {
    await file.close()
  }
}

/** In order of the markers, each once: the first of the files may have been merged before. */
function mergedAborted(files: readonly Buffer[]): AbortedTransaction[] {
  const merged = new Map<number, AbortedTransaction>()
  for (const bytes of files) {
    for (const entry of decodeAborted(bytes) ?? []) merged.set(entry.lastOffset, entry)
  }
  return [...merged.values()].sort((a, b) => a.lastOffset - b.lastOffset)
}
