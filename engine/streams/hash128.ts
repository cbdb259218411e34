/**
 * 128 bits of the bytes, by the mixing of MurmurHash3 (x86, 128 bits) with the last block padded by zeros: tells values apart, and is no
 * guard against those who look for collisions.
 */
export function hash128(bytes: Uint8Array): Buffer {
  const lanes = [0, 0, 0, 0]
  const { byteLength } = bytes
  for (let at = 0; at < byteLength; at += 16) {
    for (let lane = 0; lane < 4; lane++) {
      const next = (lane + 1) & 3
      let word = Math.imul(wordAt(bytes, at + 4 * lane), factors[lane]!)
      word = Math.imul(rotated(word, wordTurns[lane]!), factors[next]!)
      const mixed = rotated(lanes[lane]! ^ word, laneTurns[lane]!) + lanes[next]!
      lanes[lane] = (Math.imul(mixed, 5) + summands[lane]!) | 0
    }
  }
  for (let lane = 0; lane < 4; lane++) lanes[lane]! ^= byteLength
  spread(lanes)
  for (let lane = 0; lane < 4; lane++) lanes[lane] = finished(lanes[lane]!)
  spread(lanes)
  const hash = Buffer.allocUnsafe(16)
  for (let lane = 0; lane < 4; lane++) hash.writeInt32BE(lanes[lane]!, 4 * lane)
  return hash
}

const factors = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93]
const summands = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17]
const wordTurns = [15, 16, 17, 18]
const laneTurns = [19, 17, 15, 13]

/** Little-endian; zero behind the end. */
function wordAt(bytes: Uint8Array, at: number): number {
  const byte = (offset: number) => bytes[at + offset] ?? 0
  return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

/** Every lane comes to depend on all of them. */
function spread(lanes: number[]): void {
  for (let lane = 1; lane < 4; lane++) lanes[0] = (lanes[0]! + lanes[lane]!) | 0
  for (let lane = 1; lane < 4; lane++) lanes[lane] = (lanes[lane]! + lanes[0]!) | 0
}

function finished(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
