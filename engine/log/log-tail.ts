import { type ReadLimits, selectBatches } from './batch-walk.ts'
import type { Segment } from './segment.ts'
import type { TailChunk, TailMemory, TailOwner } from './tail-memory.ts'

/** Below it a copy costs less than keeping a buffer of its own for every batch. */
const copiedBytesMax = 8 * 1024
const slabBytesMin = 16 * 1024
const slabBytesMax = 256 * 1024

/** The last batches of one log in memory, without gaps up to its end. */
export class LogTail implements TailOwner {
  readonly #memory: TailMemory
  #chunks: TailChunk[] = []
  /** Of the first chunk that has bytes not written yet, or the number of chunks. */
  #firstUnwritten = 0
  #unwrittenBytes = 0
  #slabBytes = slabBytesMin

  constructor(memory: TailMemory) {
    this.#memory = memory
  }

  /** Where the batches in memory begin; undefined when there are none. */
  get startOffset(): number | undefined {
    return this.#chunks[0]?.baseOffset
  }

  get unwrittenBytes(): number {
    return this.#unwrittenBytes
  }

  /** Where in the segment's file the bytes begin that are in memory; undefined when none are. */
  startPositionIn(segment: Segment): number | undefined {
    return this.#chunks.find((chunk) => chunk.segment === segment)?.position
  }

  add(segment: Segment, position: number, bytes: Buffer, baseOffset: number, nextOffset: number): void {
    this.#unwrittenBytes += bytes.length
    const last = this.#chunks.at(-1)
    const isSmall = bytes.length <= copiedBytesMax
    if (isSmall && last && last.segment === segment && fits(last, bytes)) {
      last.buffer.set(bytes, last.usedBytes)
      last.usedBytes += bytes.length
      last.nextOffset = nextOffset
      this.#firstUnwritten = Math.min(this.#firstUnwritten, this.#chunks.length - 1)
      return
    }
    // A view that pins much more memory than it shows would not be counted rightly.
    const isCopied = isSmall || bytes.length * 2 < bytes.buffer.byteLength
    const buffer = isCopied ? this.#copied(bytes, isSmall) : bytes
    const chunk: TailChunk = {
      segment,
      position,
      buffer,
      baseOffset,
      nextOffset,
      usedBytes: bytes.length,
      writtenBytes: 0,
      owner: this,
      isGone: false,
    }
    this.#chunks.push(chunk)
    this.#memory.add(chunk)
  }

  /** Undefined when the offset lies before what is in memory. */
  read(
    startOffset: number,
    limits: ReadLimits,
  ): { pieces: Buffer[]; baseOffset: number | undefined } | undefined {
    const first = this.#find(startOffset)
    if (first === undefined) return undefined
    const pieces: Buffer[] = []
    let baseOffset: number | undefined
    let bytes = 0
    for (let i = first; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]!
      const left = {
        ...limits,
        bytesMax: limits.bytesMax - bytes,
        minOneBatch: limits.minOneBatch && bytes === 0,
      }
      const isWhole = i > first && chunk.nextOffset <= left.endOffset && chunk.usedBytes <= left.bytesMax
      const range = isWhole
        ? { baseOffset: chunk.baseOffset, start: 0, end: chunk.usedBytes, isCut: false }
        : selectBatches(chunk.buffer, 0, chunk.usedBytes, startOffset, left)
      if (range.end > range.start) pieces.push(chunk.buffer.subarray(range.start, range.end))
      baseOffset ??= range.baseOffset
      bytes += range.end - range.start
      if (range.isCut) break
    }
    return { pieces, baseOffset }
  }

  /** What is to be written next: as much as lies in one segment, in order. */
  takeUnwritten(bytesMax: number): UnwrittenRun | undefined {
    const first = this.#chunks[this.#firstUnwritten]
    if (!first) return undefined
    const pieces: Buffer[] = []
    const parts: { chunk: TailChunk; upToBytes: number }[] = []
    let bytes = 0
    for (let i = this.#firstUnwritten; i < this.#chunks.length && bytes < bytesMax; i++) {
      const chunk = this.#chunks[i]!
      if (chunk.segment !== first.segment) break
      pieces.push(chunk.buffer.subarray(chunk.writtenBytes, chunk.usedBytes))
      parts.push({ chunk, upToBytes: chunk.usedBytes })
      bytes += chunk.usedBytes - chunk.writtenBytes
    }
    const endOffset = parts.at(-1)!.chunk.nextOffset
    return {
      segment: first.segment,
      position: first.position + first.writtenBytes,
      pieces,
      bytes,
      endOffset,
      parts,
    }
  }

  written(run: UnwrittenRun): void {
    for (const { chunk, upToBytes } of run.parts) chunk.writtenBytes = upToBytes
    this.#unwrittenBytes -= run.bytes
    for (;;) {
      const chunk = this.#chunks[this.#firstUnwritten]
      if (!chunk || chunk.writtenBytes < chunk.usedBytes) break
      this.#firstUnwritten++
    }
    this.#memory.shrink()
  }

  evict(chunk: TailChunk): void {
    if (this.#chunks[0] !== chunk) return
    this.#chunks.shift()
    this.#firstUnwritten = Math.max(0, this.#firstUnwritten - 1)
  }

  clear(): void {
    for (const chunk of this.#chunks) this.#memory.release(chunk)
    this.#chunks = []
    this.#firstUnwritten = 0
    this.#unwrittenBytes = 0
  }

  /** Lets go what lies before the offset, after retention. */
  dropBefore(offset: number): void {
    while (this.#chunks[0] && this.#chunks[0].nextOffset <= offset) {
      const chunk = this.#chunks[0]
      this.evict(chunk)
      this.#memory.release(chunk)
    }
  }

  /** Slabs double while a log is busy, so that an idle log costs little. */
  #copied(bytes: Buffer, isSmall: boolean): Buffer {
    const slab = Buffer.allocUnsafeSlow(isSmall ? this.#slabBytes : bytes.length)
    if (isSmall) this.#slabBytes = Math.min(slabBytesMax, this.#slabBytes * 2)
    slab.set(bytes)
    return slab
  }

  /** The chunk that holds the offset or, past a gap, the first one behind it. */
  #find(offset: number): number | undefined {
    const first = this.#chunks[0]
    if (!first || offset < first.baseOffset) return undefined
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]!.nextOffset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

export interface UnwrittenRun {
  readonly segment: Segment
  readonly position: number
  readonly pieces: readonly Buffer[]
  readonly bytes: number
  /** Exclusive. */
  readonly endOffset: number
  readonly parts: readonly { readonly chunk: TailChunk; readonly upToBytes: number }[]
}

function fits(chunk: TailChunk, bytes: Buffer): boolean {
  return chunk.buffer.length - chunk.usedBytes >= bytes.length
}
