import { cannotEncode, inside } from './faults.ts'
import type { Reader } from './reader.ts'
import type { ScalarKind } from './schema.ts'
import type { Writer } from './writer.ts'

/** A type in one version, compiled once. */
export interface Codec {
  read(reader: Reader): unknown
  write(writer: Writer, value: unknown): void
  /** Nothing of this type takes fewer bytes. */
  readonly bytesMin: number
}

interface ArrayOptions {
  readonly nullable: boolean
  readonly compact: boolean
  /** Its elements count towards what a message may hold. */
  readonly isSpent: boolean
}

export function arrayCodec(element: Codec, options: ArrayOptions): Codec {
  const { nullable, compact, isSpent } = options
  return {
    bytesMin: compact ? 1 : 4,
    read(reader) {
      const count = reader.arrayCount(compact, element.bytesMin)
      if (count < 0) return nullable ? null : reader.refuseNull('an array')
      if (isSpent) reader.spendElements(count)
      const out: unknown[] = []
      try {
        while (out.length < count) out.push(element.read(reader))
      } catch (thrown) {
        throw inside(`[${out.length}]`, thrown)
      }
      return out
    },
    write(writer, value) {
      if (value === null) return writeNull(writer, nullable, compact, 4)
      const items = value as readonly unknown[]
      if (compact) writer.uvarint(items.length + 1)
      else writer.int32(items.length)
      let index = 0
      try {
        for (; index < items.length; index++) element.write(writer, items[index])
      } catch (thrown) {
        throw inside(`[${index}]`, thrown)
      }
    },
  }
}

/** A struct that may be null starts with a byte: −1 for null, 1 otherwise. */
export function nullableStructCodec(struct: Codec): Codec {
  return {
    bytesMin: 1,
    read: (reader) => (reader.int8() < 0 ? null : struct.read(reader)),
    write(writer, value) {
      writer.int8(value === null ? -1 : 1)
      if (value !== null) struct.write(writer, value)
    },
  }
}

function writeNull(writer: Writer, nullable: boolean, compact: boolean, lengthBytes: 2 | 4): void {
  if (!nullable) throw cannotEncode('null is not allowed here in this version')
  if (compact) writer.uvarint(0)
  else if (lengthBytes === 2) writer.int16(-1)
  else writer.int32(-1)
}

type FixedKind = Exclude<ScalarKind, 'string' | 'bytes' | 'records'>
const fixedBytes: Readonly<Record<FixedKind, number>> = {
  boolean: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
  int64OrUnlimited: 8,
  int64Bits: 8,
  float64: 8,
  uuid: 16,
}

export function scalarCodec(kind: ScalarKind, nullable: boolean, compact: boolean): Codec {
  if (kind === 'string') return stringCodec(nullable, compact)
  if (kind === 'bytes' || kind === 'records') return bytesCodec(nullable, compact)
  if (nullable) throw cannotEncode(`${kind} cannot be null`)
  const bytesMin = fixedBytes[kind]
  if (kind === 'boolean') {
    return {
      bytesMin,
      read: (reader) => reader.boolean(),
      write: (writer, value) => writer.boolean(value as boolean),
    }
  }
  if (kind === 'uuid') {
    return {
      bytesMin,
      read: (reader) => reader.uuid(),
      write: (writer, value) => writer.uuid(value as string),
    }
  }
  return { bytesMin, ...numberCodec(kind) }
}

function numberCodec(kind: Exclude<FixedKind, 'boolean' | 'uuid'>): Pick<Codec, 'read' | 'write'> {
  switch (kind) {
    case 'int8':
      return { read: (reader) => reader.int8(), write: (writer, value) => writer.int8(value as number) }
    case 'int16':
      return { read: (reader) => reader.int16(), write: (writer, value) => writer.int16(value as number) }
    case 'uint16':
      return { read: (reader) => reader.uint16(), write: (writer, value) => writer.uint16(value as number) }
    case 'int32':
      return { read: (reader) => reader.int32(), write: (writer, value) => writer.int32(value as number) }
    case 'int64':
      return { read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value as number) }
    case 'int64OrUnlimited':
      return {
        read: (reader) => reader.int64OrUnlimited(),
        write: (writer, value) => writer.int64OrUnlimited(value as number),
      }
    case 'int64Bits':
      return {
        read: (reader) => reader.int64Bits(),
        write: (writer, value) => writer.int64Bits(value as bigint),
      }
    case 'float64':
      return { read: (reader) => reader.float64(), write: (writer, value) => writer.float64(value as number) }
  }
}

function stringCodec(nullable: boolean, compact: boolean): Codec {
  const readNullable = compact
    ? (reader: Reader) => reader.nullableCompactString()
    : (reader: Reader) => reader.nullableString()
  const readPlain = compact ? (reader: Reader) => reader.compactString() : (reader: Reader) => reader.string()
  return {
    bytesMin: compact ? 1 : 2,
    read: nullable ? readNullable : readPlain,
    write(writer, value) {
      if (value === null) return writeNull(writer, nullable, compact, 2)
      if (compact) writer.compactString(value as string)
      else writer.string(value as string)
    },
  }
}

function bytesCodec(nullable: boolean, compact: boolean): Codec {
  const readNullable = compact
    ? (reader: Reader) => reader.nullableCompactBytes()
    : (reader: Reader) => reader.nullableBytes()
  const readPlain = compact ? (reader: Reader) => reader.compactBytes() : (reader: Reader) => reader.bytes()
  return {
    bytesMin: compact ? 1 : 4,
    read: nullable ? readNullable : readPlain,
    write(writer, value) {
      if (value === null) return writeNull(writer, nullable, compact, 4)
      const pieces = value instanceof Uint8Array ? [value] : (value as readonly Uint8Array[])
      let length = 0
      for (const piece of pieces) length += piece.length
      if (compact) writer.uvarint(length + 1)
      else writer.int32(length)
      for (const piece of pieces) writer.raw(piece)
    },
  }
}
