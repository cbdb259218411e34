export interface TimeEntry {
  readonly timestampMs: number
  /** The last offset of the batch that brought this timestamp. */
  readonly offset: number
}

/**
 * The highest timestamp so far and whose it is, noted as often as an offset is. Both grow. In the file: int64 timestamp, int32
 * offset relative to the segment's base (Kafka's format); the last entry holds the segment's highest timestamp.
 */
export class TimeIndex {
  readonly #baseOffset: number
  #entries: TimeEntry[] = []

  constructor(baseOffset: number) {
    this.#baseOffset = baseOffset
  }

  get last(): TimeEntry | undefined {
    return this.#entries.at(-1)
  }

  add(entry: TimeEntry): void {
    const { last } = this
    if (last && (entry.timestampMs <= last.timestampMs || entry.offset <= last.offset)) return
    this.#entries.push(entry)
  }

  /** The last entry below the timestamp: whatever reaches it lies behind that entry's offset. */
  entryBelow(timestampMs: number): TimeEntry | undefined {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle]!.timestampMs < timestampMs) low = middle + 1
      else high = middle
    }
    return this.#entries[low - 1]
  }

  /** Forgets the entries at and behind an offset. */
  truncate(offset: number): void {
    while (this.last && this.last.offset >= offset) this.#entries.pop()
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#entries.length * 12)
    let at = 0
    for (const { timestampMs, offset } of this.#entries) {
      bytes.writeBigInt64BE(BigInt(timestampMs), at)
      bytes.writeInt32BE(offset - this.#baseOffset, at + 8)
      at += 12
    }
    return bytes
  }

  /** Undefined when the bytes are no index: it is then rebuilt from the segment. */
  static decode(baseOffset: number, bytes: Buffer): TimeIndex | undefined {
    if (bytes.length % 12 !== 0) return undefined
    const index = new TimeIndex(baseOffset)
    for (let at = 0; at < bytes.length; at += 12) {
      const timestampMs = Number(bytes.readBigInt64BE(at))
      const offset = baseOffset + bytes.readInt32BE(at + 8)
      const last = index.last
      if (last && (timestampMs <= last.timestampMs || offset <= last.offset)) return undefined
      index.add({ timestampMs, offset })
    }
    return index
  }
}
