import { compressSync } from 'snappy'
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../sim/seeded-random.ts'
import { nodeCodecs as codecs } from './codecs.ts'

const names = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const random = createSeededRandom('codecs')
const mixed = Buffer.concat([Buffer.alloc(100_000, 'abc'), Buffer.from(random.bytes(100_000))])

describe.each(names)('%s', (name) => {
  test.each([0, 1, 1000, 200_000])('gives back %i bytes as they were', (length) => {
    const bytes = mixed.subarray(0, length)
    expect(codecs.decompress(name, codecs.compress(name, bytes)).equals(bytes)).toBe(true)
  })

  test('takes any Uint8Array, also one inside a larger buffer', () => {
    const inside = new Uint8Array(mixed.buffer, mixed.byteOffset + 50_000, 70_000)
    expect(codecs.decompress(name, codecs.compress(name, inside)).equals(inside)).toBe(true)
  })

  test('refuses to unfold more than allowed', () => {
    const bomb = codecs.compress(name, Buffer.alloc(20_000_000))
    expect(() => codecs.decompress(name, bomb, 1_000_000)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_COMPRESSION' }),
    )
  })

  test.skipIf(name === 'none')('tells data that is cut off or is something else', () => {
    const whole = codecs.compress(name, mixed)
    for (const broken of [
      whole.subarray(0, whole.length - 9),
      Buffer.from('no such thing'),
      Buffer.alloc(0),
    ]) {
      expect(() => codecs.decompress(name, broken)).toThrow(
        expect.objectContaining({ code: 'CORRUPT_COMPRESSION' }),
      )
    }
  })
})

test('CRC-32C has the check value of its specification and can go on from a seed', () => {
  expect(codecs.crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(codecs.crc32c(Buffer.from('6789'), codecs.crc32c(Buffer.from('12345')))).toBe(0xe3069283)
})

test('snappy is written in the framing of Xerial and read raw too', () => {
  const framed = codecs.compress('snappy', mixed)
  expect(framed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001')
  expect(codecs.decompress('snappy', compressSync(mixed)).equals(mixed)).toBe(true)
})

test('lz4 frames have independent blocks, which is all that the Java client reads', () => {
  const frame = codecs.compress('lz4', mixed)
  expect(frame.readUInt32LE(0)).toBe(0x184d2204)
  expect(frame[4]! & 0x20).toBe(0x20)
})
