import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../base/errors.ts'
import type { Message } from './api.ts'
import { apis } from './apis/index.ts'
import { consumerAssignment, consumerSubscription } from './consumer-protocol.ts'
import { decodeRequestHeader } from './frames.ts'
import { Reader } from './reader.ts'
import type { Field, FieldType, ScalarKind } from './schema.ts'
import { Writer } from './writer.ts'

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const blob = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes))

const scalars: Readonly<Record<ScalarKind, fc.Arbitrary<unknown>>> = {
  boolean: fc.boolean(),
  int8: int(8),
  int16: int(16),
  uint16: fc.integer({ min: 0, max: 0xffff }),
  int32: int(32),
  int64: fc.maxSafeInteger(),
  int64Bits: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  int64OrUnlimited: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.maxSafeInteger()),
  float64: fc.double({ noNaN: true }),
  uuid: fc.uuid(),
  string: fc.string({ unit: 'grapheme', maxLength: 12 }),
  bytes: blob,
  records: blob,
}

/** Any value of the type that the version can carry: what it lacks is left out. */
function anyOf(type: FieldType, version: number): fc.Arbitrary<unknown> {
  if (type.kind === 'array') return fc.array(anyOf(type.of, version), { maxLength: 3 })
  if (type.kind !== 'struct') return scalars[type.kind]
  const fields = Object.entries(type.fields).filter(([, { options }]) => {
    return version >= (options.since ?? 0) && version <= (options.until ?? version)
  })
  const values = fields.map(([name, field]): [string, fc.Arbitrary<unknown>] => {
    const value = anyOf(field.type, version)
    return [name, version >= (field.options.nullableSince ?? 99) ? fc.option(value) : value]
  })
  return fc.record(Object.fromEntries(values))
}

function encode(message: Message<Field>, version: number, value: unknown): Buffer {
  const writer = new Writer()
  message.write(writer, version, value)
  return Buffer.concat(writer.finish())
}

function expectReadableOrMalformed(read: () => unknown): void {
  try {
    read()
  } catch (thrown) {
    if (!isMillraceError(thrown, 'MALFORMED_FRAME')) throw thrown
  }
}

const messages: Message<Field>[] = [
  ...apis.flatMap((api) => [api.request, api.response] as Message<Field>[]),
  consumerSubscription as Message<Field>,
  consumerAssignment as Message<Field>,
]

describe.each(messages)('$name', (message) => {
  const [first, last] = message.versions
  const versions = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const anyMessage = fc
    .constantFrom(...versions)
    .chain((version) => fc.tuple(fc.constant(version), anyOf(message.schema.type, version)))

  it('keeps every value through encoding and decoding, and its bytes the other way round', () => {
    fc.assert(
      fc.property(anyMessage, ([version, value]) => {
        const bytes = encode(message, version, value)
        const decoded = message.read(new Reader(bytes), version)
        expect(decoded).toMatchObject(value as object)
        expect(encode(message, version, decoded).equals(bytes)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('is malformed when it is cut off anywhere', () => {
    fc.assert(
      fc.property(anyMessage, fc.double({ min: 0, max: 1, maxExcluded: true }), ([version, value], part) => {
        const bytes = encode(message, version, value)
        fc.pre(bytes.length > 0)
        const cut = bytes.subarray(0, Math.floor(bytes.length * part))
        expect(() => message.read(new Reader(cut), version)).toThrow(
          expect.objectContaining({ code: 'MALFORMED_FRAME' }),
        )
      }),
      { numRuns: 25 },
    )
  })

  it('is read or malformed, and nothing else happens, when bytes of it are changed', () => {
    fc.assert(
      fc.property(
        anyMessage,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1 }),
        (one, edits) => {
          const bytes = encode(message, one[0], one[1])
          for (const [position, byte] of edits) bytes[position % bytes.length] = byte
          expectReadableOrMalformed(() => message.read(new Reader(bytes), one[0]))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is read or malformed, and nothing else happens, when the bytes are random', () => {
    fc.assert(
      fc.property(fc.constantFrom(...versions), fc.uint8Array({ maxLength: 200 }), (version, bytes) => {
        expectReadableOrMalformed(() => message.read(new Reader(Buffer.from(bytes)), version))
      }),
      { numRuns: 50 },
    )
  })
})

describe('request headers', () => {
  it('are read or malformed, and nothing else happens, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expectReadableOrMalformed(() => decodeRequestHeader(Buffer.from(bytes)))
      }),
    )
  })
})
