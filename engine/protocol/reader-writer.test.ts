import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../base/errors.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const text = fc.string({ unit: 'binary', maxLength: 300 }).filter((value) => !/[\ud800-\udfff]/.test(value))
const blob = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes))

type Check = [name: string, fc.Arbitrary<unknown>, (w: Writer, v: never) => void, (r: Reader) => unknown]

const checks: Check[] = [
  ['int8', int(8), (w, v) => w.int8(v), (r) => r.int8()],
  ['boolean', fc.boolean(), (w, v) => w.boolean(v), (r) => r.boolean()],
  ['int16', int(16), (w, v) => w.int16(v), (r) => r.int16()],
  ['int32', int(32), (w, v) => w.int32(v), (r) => r.int32()],
  ['uint32', fc.nat({ max: 2 ** 32 - 1 }), (w, v) => w.uint32(v), (r) => r.uint32()],
  ['int64', fc.maxSafeInteger(), (w, v) => w.int64(v), (r) => r.int64()],
  ['float64', fc.double({ noNaN: true }), (w, v) => w.float64(v), (r) => r.float64()],
  ['uuid', fc.uuid(), (w, v) => w.uuid(v), (r) => r.uuid()],
  ['uvarint', fc.nat({ max: 2 ** 32 - 1 }), (w, v) => w.uvarint(v), (r) => r.uvarint()],
  ['varint', int(32), (w, v) => w.varint(v), (r) => r.varint()],
  ['varlong', fc.maxSafeInteger(), (w, v) => w.varlong(v), (r) => r.varlong()],
  ['string', text, (w, v) => w.string(v), (r) => r.string()],
  ['nullableString', fc.option(text), (w, v) => w.nullableString(v), (r) => r.nullableString()],
  ['compactString', text, (w, v) => w.compactString(v), (r) => r.compactString()],
  [
    'nullableCompactString',
    fc.option(text),
    (w, v) => w.nullableCompactString(v),
    (r) => r.nullableCompactString(),
  ],
  ['bytes', blob, (w, v) => w.bytes(v), (r) => r.bytes()],
  ['compactBytes', blob, (w, v) => w.compactBytes(v), (r) => r.compactBytes()],
]

describe.each(checks)('%s', (_, values, write, read) => {
  const written = (list: unknown[]) => {
    const writer = new Writer(16)
    for (const value of list) write(writer, value as never)
    const pieces = writer.finish()
    return Buffer.concat(pieces)
  }

  it('reads what was written, wherever the chunks of the writer end', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 20 }), (list) => {
        const reader = new Reader(written(list))
        expect(list.map(() => read(reader))).toEqual(list)
        expect(reader.remaining).toBe(0)
      }),
    )
  })

  it('refuses every truncation with the position', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = written([value])
        for (let length = Math.max(0, bytes.length - 12); length < bytes.length; length++) {
          // The bytes that were cut off still lie behind the range: they must not be read.
          expect(() => read(new Reader(bytes, 0, length))).toThrow(
            expect.objectContaining({ code: 'MALFORMED_FRAME', message: expect.stringMatching(/byte \d+/) }),
          )
        }
      }),
    )
  })
})

describe('numbers on the wire', () => {
  const hexOf = (write: (writer: Writer) => void) => {
    const writer = new Writer()
    write(writer)
    return Buffer.concat(writer.finish()).toString('hex')
  }

  it('are zigzag for signed varints, and the 64 bits of a long at the borders', () => {
    expect([0, -1, 1, -2, 150].map((n) => hexOf((w) => w.varint(n)))).toEqual([
      '00',
      '01',
      '02',
      '03',
      'ac02',
    ])
    expect(hexOf((w) => w.varint(-(2 ** 31)))).toBe('ffffffff0f')
    expect(hexOf((w) => w.varlong(Number.MAX_SAFE_INTEGER))).toBe('feffffffffffff1f')
    expect(hexOf((w) => w.int64(Number.MIN_SAFE_INTEGER))).toBe('ffe0000000000001')
  })

  it('have no limit where the schema says so, and are refused beyond the safe integers elsewhere', () => {
    expect(hexOf((w) => w.int64OrUnlimited(Number.POSITIVE_INFINITY))).toBe('7fffffffffffffff')
    const greatest = Buffer.from('7fffffffffffffff', 'hex')
    expect(new Reader(greatest).int64OrUnlimited()).toBe(Number.POSITIVE_INFINITY)
    expect(() => new Reader(greatest).int64()).toThrow('beyond the safe integers')
    for (const hex of ['0020000000000000', 'ffe0000000000000', '8000000000000000']) {
      expect(() => new Reader(Buffer.from(hex, 'hex')).int64()).toThrow('beyond the safe integers')
    }
    expect(new Reader(Buffer.from('ffe0000000000001', 'hex')).int64()).toBe(Number.MIN_SAFE_INTEGER)
  })

  it.each([
    ['int8', (w: Writer) => w.int8(128)],
    ['int16', (w: Writer) => w.int16(-32_769)],
    ['int32', (w: Writer) => w.int32(2 ** 31)],
    ['int32 with a fraction', (w: Writer) => w.int32(1.5)],
    ['int64', (w: Writer) => w.int64(2 ** 53)],
    ['uvarint', (w: Writer) => w.uvarint(-1)],
    ['uuid', (w: Writer) => w.uuid('not a uuid')],
    ['string', (w: Writer) => w.string('x'.repeat(32_768))],
  ])('are refused when they do not fit: %s', (_, write) => {
    expect(() => write(new Writer())).toThrow(expect.objectContaining({ code: 'CANNOT_ENCODE' }))
  })

  it('are malformed as varints that never end', () => {
    const endless = Buffer.alloc(12, 0xff)
    for (const read of [(r: Reader) => r.uvarint(), (r: Reader) => r.varint(), (r: Reader) => r.varlong()]) {
      expect(() => read(new Reader(endless))).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
    }
  })
})

describe('bytes', () => {
  it('are written without a copy when they are long, and read as views', () => {
    const long = Buffer.alloc(5000, 7)
    const writer = new Writer()
    writer.bytes(long)
    writer.int8(1)
    const pieces = writer.finish()
    expect(pieces).toHaveLength(3)
    expect(pieces[1]).toBe(long)
    const joined = Buffer.concat(pieces)
    const view = new Reader(joined).bytes()
    joined[4] = 99
    expect(view[0]).toBe(99)
  })

  it('reserve no memory for an array that claims more elements than there are bytes', () => {
    const claim = Buffer.from('7fffffff00', 'hex')
    try {
      new Reader(claim).arrayCount(false, 1)
      expect.unreachable()
    } catch (thrown) {
      expect(isMillraceError(thrown, 'MALFORMED_FRAME')).toBe(true)
    }
  })
})
