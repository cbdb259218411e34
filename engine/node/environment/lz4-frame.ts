/**
 * Bounds what an LZ4 frame may unfold to before it is decoded, from its headers alone: the decoder itself takes no limit.
 * The frame's block sizes are checked on the way, so that a cut-off frame is told as such.
 */
export function checkLz4FrameLength(frame: Buffer, lengthMax: number): void {
  if (frame.length < 7 || frame.readUInt32LE(0) !== 0x184d2204) throw new Error('it is no LZ4 frame')
  const flags = frame[4]!
  const blockLengthMax = blockLengths[(frame[5]! >> 4) & 7]
  if (blockLengthMax === undefined) throw new Error('its block size is unknown')
  const hasContentSize = (flags & 0x08) !== 0
  const hasDictionary = (flags & 0x01) !== 0
  const blockTailLength = (flags & 0x10) !== 0 ? 4 : 0
  let at = 6 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0) + 1
  let unfolded = 0
  while (at + 4 <= frame.length) {
    const word = frame.readUInt32LE(at)
    at += 4
    if (word === 0) return
    const length = word & 0x7fffffff
    const isStored = word >= 0x80000000
    if (length > blockLengthMax || at + length > frame.length)
      throw new Error('a block is malformed or cut off')
    // A byte of LZ4 stands for at most 255.
    unfolded += isStored ? length : Math.min(blockLengthMax, length * 255)
    at += length + blockTailLength
    if (unfolded - blockLengthMax > lengthMax) throw new Error(`it holds more than ${lengthMax} bytes`)
  }
  throw new Error('its end is missing')
}

const blockLengths: Readonly<Record<number, number>> = {
  4: 64 * 1024,
  5: 256 * 1024,
  6: 1024 * 1024,
  7: 4 * 1024 * 1024,
}
