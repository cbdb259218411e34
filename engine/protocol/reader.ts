import { malformed } from './faults.ts'

const high = 2 ** 32
const safeHigh = 2 ** 21
const stringBytesMax = 0x7fff

/** Of objects and strings in all the arrays of one message: more than any cluster of ours has of anything. */
const elementsMaxDefault = 2 ** 20

export const zeroUuid = '00000000-0000-0000-0000-000000000000'

/**
 * Kafka's primitive types, big-endian, read from a range of a buffer. What it gives as bytes are views into that
 * buffer. Nothing is read or allocated past `end`, whatever lengths the bytes claim.
 * @throws MillraceError MALFORMED_FRAME from every method
 */
export class Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number
  private elementsLeft: number

  /** `elementsMax` bounds what a message may make of few bytes, as an empty object takes one byte and here a hundred. */
  constructor(buffer: Buffer, position = 0, end = buffer.length, elementsMax = elementsMaxDefault) {
    this.buffer = buffer
    this.position = position
    this.end = end
    this.elementsLeft = elementsMax
  }

  get remaining(): number {
    return this.end - this.position
  }

  int8(): number {
    return (this.buffer[this.take(1, 'an int8')]! << 24) >> 24
  }

  boolean(): boolean {
    return this.buffer[this.take(1, 'a boolean')] !== 0
  }

  int16(): number {
    const at = this.take(2, 'an int16')
    return (((this.buffer[at]! << 8) | this.buffer[at + 1]!) << 16) >> 16
  }

  uint16(): number {
    return this.int16() & 0xffff
  }

  int32(): number {
    const at = this.take(4, 'an int32')
    const buffer = this.buffer
    return (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!
  }

  uint32(): number {
    return this.int32() >>> 0
  }

  /** An int64 within the safe integers; others are malformed, as nothing that we carry reaches them. */
  int64(): number {
    const start = this.position
    const upper = this.int32()
    const lower = this.int32() >>> 0
    if (upper >= safeHigh || upper < -safeHigh || (upper === -safeHigh && lower === 0)) {
      throw malformed('an int64 lies beyond the safe integers', start)
    }
    return upper * high + lower
  }

  /** As `int64`, with Java's greatest long, "no limit", as Infinity. */
  int64OrUnlimited(): number {
    const at = this.position
    if (this.remaining >= 8 && this.buffer.readBigInt64BE(at) === 0x7fffffffffffffffn) {
      this.position = at + 8
      return Number.POSITIVE_INFINITY
    }
    return this.int64()
  }

  /** All 64 bits. */
  int64Bits(): bigint {
    return this.buffer.readBigInt64BE(this.take(8, 'an int64'))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.take(8, 'a float64'))
  }

  /** The usual text form, lower case. */
  uuid(): string {
    const at = this.take(16, 'a uuid')
    const hex = this.buffer.toString('hex', at, at + 16)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  /** Unsigned, at most 32 bits in at most five bytes. */
  uvarint(): number {
    const start = this.position
    const buffer = this.buffer
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.position >= this.end) throw this.short('a varint', start)
      const byte = buffer[this.position++]!
      if (shift === 28 && byte > 0x0f) throw malformed('a varint is longer than 32 bits', start)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw malformed('a varint is longer than five bytes', start)
  }

  /** Zigzag, 32 bits. */
  varint(): number {
    const raw = this.uvarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** Zigzag, 64 bits on the wire, within the safe integers. */
  varlong(): number {
    const start = this.position
    let lower = 0
    let upper = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position >= this.end) throw this.short('a varlong', start)
      const byte = this.buffer[this.position++]!
      const bits = byte & 0x7f
      if (shift < 28) lower += bits * 2 ** shift
      else upper += bits * 2 ** (shift - 28)
      if (byte < 0x80) return unzigzag(lower, upper, start)
    }
    throw malformed('a varlong is longer than ten bytes', start)
  }

  string(): string {
    return this.nullableString() ?? this.refuseNull('a string')
  }

  nullableString(): string | null {
    const start = this.position
    const length = this.int16()
    return length < 0 ? null : this.utf8(length, start)
  }

  compactString(): string {
    return this.nullableCompactString() ?? this.refuseNull('a string')
  }

  nullableCompactString(): string | null {
    const start = this.position
    const length = this.uvarint() - 1
    return length < 0 ? null : this.utf8(length, start)
  }

  bytes(): Buffer {
    return this.nullableBytes() ?? this.refuseNull('bytes')
  }

  nullableBytes(): Buffer | null {
    const length = this.int32()
    return length < 0 ? null : this.view(length)
  }

  compactBytes(): Buffer {
    return this.nullableCompactBytes() ?? this.refuseNull('bytes')
  }

  nullableCompactBytes(): Buffer | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.view(length)
  }

  /** The next `length` bytes as a view. */
  view(length: number): Buffer {
    const at = this.take(length, `${length} bytes`)
    return this.buffer.subarray(at, at + length)
  }

  /**
   * The number of elements that follow, −1 for null. Checked against the bytes that are left, with
   * `elementBytesMin` for each, so that a hostile count allocates nothing.
   */
  arrayCount(compact: boolean, elementBytesMin: number): number {
    const start = this.position
    const count = compact ? this.uvarint() - 1 : this.int32()
    if (count < 0) return -1
    if (count * elementBytesMin > this.remaining) {
      throw malformed(`an array claims ${count} elements, more than the ${this.remaining} bytes left`, start)
    }
    return count
  }

  /** Before the elements of an array are read that are no plain numbers. */
  spendElements(count: number): void {
    this.elementsLeft -= count
    if (this.elementsLeft < 0) throw malformed('the message holds too many elements', this.position)
  }

  /** Reads the next `length` bytes, and nothing after them, and steps over them. */
  within<T>(length: number, read: (reader: Reader) => T): T {
    const at = this.take(length, `${length} bytes`)
    const inner = new Reader(this.buffer, at, at + length, this.elementsLeft)
    const result = read(inner)
    this.elementsLeft = inner.elementsLeft
    return result
  }

  skip(length: number): void {
    this.take(length, `${length} bytes`)
  }

  /** Steps over a section of tagged fields. */
  skipTaggedFields(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint()
      this.skip(this.uvarint())
    }
  }

  refuseNull(what: string): never {
    throw malformed(`null where ${what} must be`, this.position)
  }

  private utf8(length: number, start: number): string {
    if (length > stringBytesMax) throw malformed(`a string claims ${length} bytes`, start)
    const at = this.take(length, 'a string')
    return this.buffer.toString('utf8', at, at + length)
  }

  private take(length: number, what: string): number {
    const at = this.position
    if (length > this.end - at) throw this.short(what, at)
    this.position = at + length
    return at
  }

  private short(what: string, position: number): Error {
    return malformed(`the bytes end within ${what}`, position)
  }
}

/** From the 64 zigzag bits split at bit 28. */
function unzigzag(lower: number, upper: number, start: number): number {
  const half = Math.floor(upper / 2) * 2 ** 28 + Math.floor((lower + (upper % 2) * 2 ** 28) / 2)
  const value = lower % 2 === 0 ? half : -half - 1
  if (!Number.isSafeInteger(value)) throw malformed('a varlong lies beyond the safe integers', start)
  return value
}
