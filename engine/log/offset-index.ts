/**
 * Every so many bytes of a segment, which offset starts where. Both grow, so an offset is found by bisection. In the file: pairs
 * of int32, the offset relative to the segment's base and the position (Kafka's format).
 */
export class OffsetIndex {
  readonly #baseOffset: number
  #entries = new Int32Array(16)
  #count = 0

  constructor(baseOffset: number) {
    this.#baseOffset = baseOffset
  }

  /** 0 when there is no entry. */
  get lastPosition(): number {
    return this.#count === 0 ? 0 : this.#entries[this.#count * 2 - 1]!
  }

  add(offset: number, position: number): void {
    if ((this.#count + 1) * 2 > this.#entries.length) {
      const larger = new Int32Array(this.#entries.length * 2)
      larger.set(this.#entries)
      this.#entries = larger
    }
    this.#entries[this.#count * 2] = offset - this.#baseOffset
    this.#entries[this.#count * 2 + 1] = position
    this.#count++
  }

  /** The position of the last indexed batch that starts at or before the offset. */
  floorPosition(offset: number): number {
    const relative = offset - this.#baseOffset
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle * 2]! <= relative) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : this.#entries[(low - 1) * 2 + 1]!
  }

  /** Forgets the entries at and behind a position. */
  truncate(position: number): void {
    while (this.#count > 0 && this.#entries[this.#count * 2 - 1]! >= position) this.#count--
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#count * 8)
    for (let i = 0; i < this.#count * 2; i++) bytes.writeInt32BE(this.#entries[i]!, i * 4)
    return bytes
  }

  /** Undefined when the bytes are no index of a segment of that size: it is then rebuilt from the segment. */
  static decode(baseOffset: number, bytes: Buffer, segmentBytes: number): OffsetIndex | undefined {
    if (bytes.length % 8 !== 0) return undefined
    const index = new OffsetIndex(baseOffset)
    let lastRelative = -1
    let lastPosition = 0
    for (let at = 0; at < bytes.length; at += 8) {
      const relative = bytes.readInt32BE(at)
      const position = bytes.readInt32BE(at + 4)
      if (relative <= lastRelative || position <= lastPosition || position >= segmentBytes) return undefined
      index.add(baseOffset + relative, position)
      lastRelative = relative
      lastPosition = position
    }
    return index
  }
}
