import type { Segment } from './segment.ts'

/**
 * Batches as they came, in the order of their offsets: what was appended last, served from memory. A chunk is either a buffer
 * that came from outside, kept as it is, or one of our own that small batches are copied into.
 */
export interface TailChunk {
  readonly segment: Segment
  /** Of the first byte, in the segment's file. */
  readonly position: number
  /** Empty once the chunk is gone. */
  buffer: Buffer
  readonly baseOffset: number
  nextOffset: number
  /** How much of the buffer is used, and of that how much has been written to the file. */
  usedBytes: number
  writtenBytes: number
  readonly owner: TailOwner
  isGone: boolean
}

const nothing = Buffer.alloc(0)

export interface TailOwner {
  /** The chunk is the first one that the owner still has. */
  evict(chunk: TailChunk): void
}

/**
 * The memory that the tails of all logs of a broker share. When it is used up, the chunk that came first goes,
 * whosever it is; one that has not been written yet stays.
 */
export class TailMemory {
  readonly bytesMax: number
  #bytes = 0
  #queue: TailChunk[] = []
  #head = 0
  /** In the whole queue; all before the head are. */
  #goneCount = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  add(chunk: TailChunk): void {
    this.#queue.push(chunk)
    this.#bytes += chunk.buffer.length
    this.shrink()
  }

  /** The owner has let the chunk go: it can lie anywhere in the queue, behind one that stays for long. */
  release(chunk: TailChunk): void {
    if (chunk.isGone) return
    chunk.isGone = true
    this.#bytes -= chunk.buffer.length
    chunk.buffer = nothing
    this.#goneCount++
    if (this.#goneCount * 2 <= this.#queue.length) return
    this.#queue = this.#queue.filter(({ isGone }) => !isGone)
    this.#head = 0
    this.#goneCount = 0
  }

  /** Also called when chunks were written, which makes them free to go. */
  shrink(): void {
    while (this.#bytes > this.bytesMax && this.#head < this.#queue.length) {
      const chunk = this.#queue[this.#head]!
      if (chunk.isGone) {
        this.#head++
        continue
      }
      if (chunk.writtenBytes < chunk.usedBytes) break
      chunk.owner.evict(chunk)
      this.release(chunk)
    }
  }
}
