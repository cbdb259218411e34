import type { Codecs } from '../environment/index.ts'
import { logFileName } from './file-names.ts'
import type { SegmentPlace } from './segment.ts'
import { decodeSnapshot, encodeSnapshot, type LogSnapshot, type SegmentFacts } from './snapshot.ts'

/** The snapshots of a log on disk: one where each segment begins, and the latest. */
export class SnapshotStore {
  readonly #place: SegmentPlace
  readonly #codecs: Pick<Codecs, 'crc32c'>
  #offsets: number[]

  constructor(place: SegmentPlace, codecs: Pick<Codecs, 'crc32c'>, offsets: readonly number[]) {
    this.#place = place
    this.#codecs = codecs
    this.#offsets = [...offsets]
  }

  /** Everything before the snapshot's offset must have been synced. */
  async write(snapshot: LogSnapshot, segmentBases: readonly number[]): Promise<void> {
    await this.#place.disk.writeFileAtomic(
      this.#path(snapshot.offset),
      encodeSnapshot(snapshot, this.#codecs),
    )
    const isNeeded = (offset: number) => offset >= snapshot.offset || segmentBases.includes(offset)
    for (const offset of this.#offsets) {
      if (!isNeeded(offset)) await this.#place.disk.remove(this.#path(offset))
    }
    const kept = this.#offsets.filter((offset) => isNeeded(offset) && offset !== snapshot.offset)
    this.#offsets = [...kept, snapshot.offset].sort((a, b) => a - b)
  }

  /** Durably, so that none of them can vouch for what is written at those offsets later. */
  async removeBehind(offset: number): Promise<void> {
    const removed = this.#offsets.filter((known) => known > offset)
    if (removed.length === 0) return
    for (const known of removed) await this.#place.disk.remove(this.#path(known))
    await this.#place.disk.syncFolder(this.#place.folder)
    this.#offsets = this.#offsets.filter((known) => known <= offset)
  }

  /** Makes them speak of one segment where there were several, up to `endOffset`; those from in between go. */
  async replaceSegments(facts: SegmentFacts, endOffset: number): Promise<void> {
    const { disk } = this.#place
    const { baseOffset } = facts
    const kept: number[] = []
    for (const offset of this.#offsets) {
      const isInside = offset > baseOffset && offset < endOffset
      const bytes = isInside || offset <= baseOffset ? undefined : await disk.readFile(this.#path(offset))
      const snapshot = bytes && decodeSnapshot(bytes, this.#codecs)
      if (snapshot) {
        const segments = snapshot.segments.filter(
          (each) => each.baseOffset < baseOffset || each.baseOffset >= endOffset,
        )
        const at = segments.findLastIndex((each) => each.baseOffset < baseOffset) + 1
        const replaced = { ...snapshot, segments: segments.toSpliced(at, 0, facts) }
        await disk.writeFileAtomic(this.#path(offset), encodeSnapshot(replaced, this.#codecs))
      } else if (bytes || isInside) {
        await disk.remove(this.#path(offset))
        continue
      }
      kept.push(offset)
    }
    this.#offsets = kept
  }

  async latest(): Promise<LogSnapshot | undefined> {
    const offset = this.#offsets.at(-1)
    if (offset === undefined) return undefined
    return decodeSnapshot(await this.#place.disk.readFile(this.#path(offset)), this.#codecs)
  }

  #path(offset: number): string {
    return `${this.#place.folder}/${logFileName(offset, 'snapshot')}`
  }
}
