import { compressSync, uncompressSync } from 'snappy'

/**
 * Xerial's framing: a magic of 8 bytes, two int32 (version and the oldest version that reads it), then blocks of an
 * int32 length and that many bytes of raw snappy. Kafka's Java client writes it; librdkafka and others write raw snappy.
 */
const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const headerLength = magic.length + 8
const blockLengthMax = 32 * 1024

export function compressSnappy(bytes: Buffer): Buffer {
  const header = Buffer.alloc(headerLength)
  magic.copy(header)
  header.writeInt32BE(1, 8)
  header.writeInt32BE(1, 12)
  const pieces: Buffer[] = [header]
  for (let at = 0; at < bytes.length; at += blockLengthMax) {
    const block = compressSync(bytes.subarray(at, at + blockLengthMax))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    pieces.push(length, block)
  }
  return Buffer.concat(pieces)
}

export function decompressSnappy(bytes: Buffer, lengthMax: number): Buffer {
  const isFramed = bytes.length >= headerLength && bytes.subarray(0, magic.length).equals(magic)
  if (!isFramed) return decompressBlock(bytes, lengthMax)
  const pieces: Buffer[] = []
  let total = 0
  let at = headerLength
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw new Error('a block length is cut off')
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0 || at + length > bytes.length) throw new Error(`a block of ${length} bytes is cut off`)
    const block = decompressBlock(bytes.subarray(at, at + length), lengthMax - total)
    pieces.push(block)
    total += block.length
    at += length
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

function decompressBlock(block: Buffer, lengthMax: number): Buffer {
  // Raw snappy begins with the length of what it holds, which the decoder allocates unseen.
  const length = leadingLength(block)
  if (length > lengthMax) throw new Error(`a block says that it holds ${length} bytes`)
  const result = uncompressSync(block, { asBuffer: true })
  return typeof result === 'string' ? Buffer.from(result) : result
}

function leadingLength(block: Buffer): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i]
    if (byte === undefined) throw new Error('the length is cut off')
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return length
  }
  throw new Error('the length is malformed')
}
