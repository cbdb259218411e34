import { cannotEncode, inside } from './faults.ts'
import { Reader, zeroUuid } from './reader.ts'
import type { Field, FieldOptions, Fields, FieldType, ScalarKind } from './schema.ts'
import { Writer } from './writer.ts'

/** A type in one version, compiled once. */
export interface Codec {
  read(reader: Reader): unknown
  write(writer: Writer, value: unknown): void
  /** Nothing of this type takes fewer bytes. */
  readonly bytesMin: number
}

interface Target {
  readonly version: number
  /** Compact lengths and tagged fields. */
  readonly flexible: boolean
}

interface CompiledField {
  readonly name: string
  readonly codec: Codec
  readonly tag: number | undefined
  readonly fallback: Default
}

/** What a field holds when it is absent: made anew for what can be changed. */
interface Default {
  make(): unknown
  equals(value: unknown): boolean
}

type Message = Record<string, unknown>

export function compileStruct(field: Field, version: number, flexible: boolean): Codec {
  if (field.type.kind !== 'struct') throw cannotEncode('only a struct can be a message')
  return structCodec(field.type.fields, { version, flexible })
}

function structCodec(fields: Fields, target: Target): Codec {
  const all = Object.entries(fields)
  const present = all.filter(([, field]) => isPresent(field.options, target.version))
  const compiled = present.map(
    ([name, field]): CompiledField => ({
      name,
      codec: fieldCodec(field, target),
      tag: field.options.tag,
      fallback: defaultOf(field),
    }),
  )
  const plain = compiled.filter((field) => field.tag === undefined)
  const tagged = compiled.filter((field) => field.tag !== undefined).sort((a, b) => a.tag! - b.tag!)
  const dropped = all.filter(([, field]) => !isPresent(field.options, target.version))
  return {
    read: structReader(all, plain, tagged, target),
    write: structWriter(plain, tagged, dropped, target),
    bytesMin: plain.reduce((sum, field) => sum + field.codec.bytesMin, target.flexible ? 1 : 0),
  }
}

function structReader(
  all: [string, Field][],
  plain: readonly CompiledField[],
  tagged: readonly CompiledField[],
  target: Target,
): Codec['read'] {
  const template: Message = {}
  const madeAnew: { name: string; make(): unknown }[] = []
  for (const [name, field] of all) {
    const make = defaultOf(field).make
    const value = make()
    template[name] = value
    const isPlain = plain.some((other) => other.name === name)
    if (!isPlain && typeof value === 'object' && value !== null) madeAnew.push({ name, make })
  }
  const names = plain.map((field) => field.name)
  const codecs = plain.map((field) => field.codec)
  const count = names.length
  return (reader) => {
    // One shape for all messages of this type: the keys are there from the start, in the schema's order.
    const message = { ...template }
    for (const fresh of madeAnew) message[fresh.name] = fresh.make()
    let index = 0
    try {
      for (; index < count; index++) message[names[index]!] = codecs[index]!.read(reader)
    } catch (thrown) {
      throw inside(names[index]!, thrown)
    }
    if (target.flexible) readTagged(reader, message, tagged)
    return message
  }
}

function readTagged(reader: Reader, message: Message, tagged: readonly CompiledField[]): void {
  for (let count = reader.uvarint(); count > 0; count--) {
    const tag = reader.uvarint()
    const size = reader.uvarint()
    const from = reader.position
    reader.skip(size)
    const field = tagged.find((one) => one.tag === tag)
    if (field === undefined) continue
    try {
      message[field.name] = field.codec.read(new Reader(reader.buffer, from, from + size))
    } catch (thrown) {
      throw inside(field.name, thrown)
    }
  }
}

function structWriter(
  plain: readonly CompiledField[],
  tagged: readonly CompiledField[],
  dropped: readonly [string, Field][],
  target: Target,
): Codec['write'] {
  const refused = dropped
    .filter(([, field]) => field.options.ignorable !== true)
    .map(([name, field]) => ({ name, fallback: defaultOf(field) }))
  return (writer, value) => {
    const message = value as Readonly<Message>
    for (const { name, fallback } of refused) {
      const given = message[name]
      if (given !== undefined && !fallback.equals(given)) {
        throw cannotEncode(`version ${target.version} has no such field`, name)
      }
    }
    for (const field of plain) writeField(writer, field, message)
    if (target.flexible) writeTagged(writer, tagged, message)
  }
}

function writeField(writer: Writer, field: CompiledField, message: Readonly<Message>): void {
  const given = message[field.name]
  try {
    field.codec.write(writer, given === undefined ? field.fallback.make() : given)
  } catch (thrown) {
    throw inside(field.name, thrown)
  }
}

function writeTagged(writer: Writer, tagged: readonly CompiledField[], message: Readonly<Message>): void {
  let sent = 0
  for (const field of tagged) if (isSent(field, message)) sent++
  writer.uvarint(sent)
  if (sent === 0) return
  for (const field of tagged) {
    if (!isSent(field, message)) continue
    const content = new Writer()
    writeField(content, field, message)
    writer.uvarint(field.tag!)
    writer.uvarint(content.length)
    writer.append(content)
  }
}

function isSent(field: CompiledField, message: Readonly<Message>): boolean {
  const given = message[field.name]
  return given !== undefined && !field.fallback.equals(given)
}

function isPresent(options: FieldOptions<unknown>, version: number): boolean {
  return version >= (options.since ?? 0) && version <= (options.until ?? Number.POSITIVE_INFINITY)
}

function fieldCodec(field: Field, target: Target): Codec {
  const nullable = target.version >= (field.options.nullableSince ?? Number.POSITIVE_INFINITY)
  return typeCodec(field.type, nullable, target)
}

function typeCodec(type: FieldType, nullable: boolean, target: Target): Codec {
  if (type.kind === 'array') return arrayCodec(typeCodec(type.of, false, target), nullable, target.flexible)
  if (type.kind === 'struct') {
    if (nullable) throw cannotEncode('a struct cannot be null')
    return structCodec(type.fields, target)
  }
  return scalarCodec(type.kind, nullable, target.flexible)
}

function arrayCodec(element: Codec, nullable: boolean, compact: boolean): Codec {
  return {
    bytesMin: compact ? 1 : 4,
    read(reader) {
      const count = reader.arrayCount(compact, element.bytesMin)
      if (count < 0) return nullable ? null : reader.refuseNull('an array')
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
  int32: 4,
  int64: 8,
  int64OrUnlimited: 8,
  float64: 8,
  uuid: 16,
}

function scalarCodec(kind: ScalarKind, nullable: boolean, compact: boolean): Codec {
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
    case 'int32':
      return { read: (reader) => reader.int32(), write: (writer, value) => writer.int32(value as number) }
    case 'int64':
      return { read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value as number) }
    case 'int64OrUnlimited':
      return {
        read: (reader) => reader.int64OrUnlimited(),
        write: (writer, value) => writer.int64OrUnlimited(value as number),
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

const empty = Buffer.alloc(0)

function defaultOf(field: Field): Default {
  const { type, options } = field
  const given = options.default
  if (given === null || (type.kind !== 'struct' && type.kind !== 'array' && given !== undefined)) {
    return { make: () => given, equals: (value) => value === given }
  }
  switch (type.kind) {
    case 'struct':
      return structDefault(type.fields)
    case 'array':
      return { make: () => [], equals: (value) => Array.isArray(value) && value.length === 0 }
    case 'bytes':
    case 'records':
      return { make: () => empty, equals: (value) => value instanceof Uint8Array && value.length === 0 }
    default:
      return plainDefault(type.kind)
  }
}

function plainDefault(kind: Exclude<ScalarKind, 'bytes' | 'records'>): Default {
  const made = kind === 'string' ? '' : kind === 'uuid' ? zeroUuid : kind === 'boolean' ? false : 0
  return { make: () => made, equals: (value) => value === made }
}

function structDefault(fields: Fields): Default {
  const defaults = Object.entries(fields).map(([name, field]) => ({ name, fallback: defaultOf(field) }))
  return {
    make: () => Object.fromEntries(defaults.map(({ name, fallback }) => [name, fallback.make()])),
    equals: (value) =>
      defaults.every(({ name, fallback }) => {
        const given = (value as Readonly<Message>)[name]
        return given === undefined || fallback.equals(given)
      }),
  }
}
