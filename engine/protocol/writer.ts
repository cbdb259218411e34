import { cannotEncode } from './faults.ts'

const high = 2 ** 32
const firstChunkBytes = 512
const chunkBytesMax = 64 * 1024
/** Shorter bytes are copied: one more piece of a gather write costs more than the copy. */
const copyBytesMax = 1024
const stringBytesMax = 0x7fff

/**
 * Kafka's primitive types, big-endian, written to a list of pieces for a gather write. Long bytes become pieces of
 * their own, uncopied: whoever hands them over must not change them afterwards.
 * @throws MillraceError CANNOT_ENCODE for what the type cannot hold
 */
export class Writer {
  private readonly pieces: Buffer[] = []
  private piecesBytes = 0
  private chunk: Buffer
  private start = 0
  private position = 0

  constructor(capacityBytes = firstChunkBytes) {
    this.chunk = Buffer.allocUnsafe(capacityBytes)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.piecesBytes + this.position - this.start
  }

  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw range('an int8', value)
    const at = this.reserve(1)
    this.chunk[at] = value
  }

  boolean(value: boolean): void {
    const at = this.reserve(1)
    this.chunk[at] = value ? 1 : 0
  }

  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw range('an int16', value)
    const at = this.reserve(2)
    this.chunk[at] = value >> 8
    this.chunk[at + 1] = value
  }

  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw range('a uint16', value)
    const at = this.reserve(2)
    this.chunk[at] = value >> 8
    this.chunk[at + 1] = value
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw range('an int32', value)
    this.put32(value)
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw range('a uint32', value)
    this.put32(value)
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw range('an int64', value)
    const lower = value >>> 0
    this.put32((value - lower) / high)
    this.put32(lower)
  }

  /** As `int64`, with Infinity as Java's greatest long, "no limit". */
  int64OrUnlimited(value: number): void {
    if (value === Number.POSITIVE_INFINITY) {
      this.put32(0x7fffffff)
      this.put32(0xffffffff)
    } else {
      this.int64(value)
    }
  }

  int64Bits(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw range('an int64', value)
    const at = this.reserve(8)
    this.chunk.writeBigInt64BE(value, at)
  }

  float64(value: number): void {
    const at = this.reserve(8)
    this.chunk.writeDoubleBE(value, at)
  }

  uuid(text: string): void {
    const hex = text.replaceAll('-', '')
    const at = this.reserve(16)
    if (hex.length !== 32 || this.chunk.write(hex, at, 16, 'hex') !== 16) {
      throw cannotEncode(`"${text}" is not a uuid`)
    }
  }

  uvarint(value: number): void {
    if (value >>> 0 !== value) throw range('an unsigned varint', value)
    let at = this.reserve(5)
    let rest = value
    while (rest > 0x7f) {
      this.chunk[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.chunk[at++] = rest
    this.position = at
  }

  varint(value: number): void {
    if ((value | 0) !== value) throw range('a varint', value)
    this.uvarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  varlong(value: number): void {
    if (!Number.isSafeInteger(value)) throw range('a varlong', value)
    let at = this.reserve(10)
    let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
    while (rest > 0x7fn) {
      this.chunk[at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.chunk[at++] = Number(rest)
    this.position = at
  }

  string(text: string): void {
    const length = stringLength(text)
    this.int16(length)
    this.utf8(text, length)
  }

  nullableString(text: string | null): void {
    if (text === null) this.int16(-1)
    else this.string(text)
  }

  compactString(text: string): void {
    const length = stringLength(text)
    this.uvarint(length + 1)
    this.utf8(text, length)
  }

  nullableCompactString(text: string | null): void {
    if (text === null) this.uvarint(0)
    else this.compactString(text)
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length)
    this.raw(value)
  }

  compactBytes(value: Uint8Array): void {
    this.uvarint(value.length + 1)
    this.raw(value)
  }

  /** Bytes without a length in front. */
  raw(value: Uint8Array): void {
    const length = value.length
    if (length > copyBytesMax) {
      this.seal()
      this.pieces.push(Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, length))
      this.piecesBytes += length
    } else if (length > 0) {
      const at = this.reserve(length)
      this.chunk.set(value, at)
    }
  }

  /** All that another writer holds. */
  append(other: Writer): void {
    for (const piece of other.finish()) this.raw(piece)
  }

  /** The pieces, to be sent one after the other. The writer must not be used afterwards. */
  finish(): Buffer[] {
    this.seal()
    return this.pieces
  }

  /** As `finish`, with the length of all in the first four bytes, which must have been left free for it. */
  finishFrame(): Buffer[] {
    const pieces = this.finish()
    pieces[0]!.writeInt32BE(this.piecesBytes - 4, 0)
    return pieces
  }

  private put32(value: number): void {
    const at = this.reserve(4)
    const chunk = this.chunk
    chunk[at] = value >>> 24
    chunk[at + 1] = value >>> 16
    chunk[at + 2] = value >>> 8
    chunk[at + 3] = value
  }

  private utf8(text: string, length: number): void {
    const at = this.reserve(length)
    this.chunk.write(text, at, length, 'utf8')
  }

  /** Where to put `length` bytes; the chunk may be another one than before. */
  private reserve(length: number): number {
    if (this.position + length > this.chunk.length) this.grow(length)
    const at = this.position
    this.position = at + length
    return at
  }

  private grow(length: number): void {
    const capacity = Math.max(length, Math.min(this.chunk.length * 2, chunkBytesMax))
    this.seal()
    this.chunk = Buffer.allocUnsafe(capacity)
    this.start = 0
    this.position = 0
  }

  private seal(): void {
    if (this.position === this.start) return
    this.pieces.push(this.chunk.subarray(this.start, this.position))
    this.piecesBytes += this.position - this.start
    this.start = this.position
  }
}

function stringLength(text: string): number {
  const length = Buffer.byteLength(text, 'utf8')
  if (length > stringBytesMax) throw cannotEncode(`a string of ${length} bytes is too long`)
  return length
}

function range(what: string, value: number | bigint): Error {
  return cannotEncode(`${value} does not fit into ${what}`)
}
