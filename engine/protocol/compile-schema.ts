import { cannotEncode, inside } from './faults.ts'
import { type Default, defaultOf, isChangeable } from './field-defaults.ts'
import type { Reader } from './reader.ts'
import type { Field, FieldOptions, Fields, FieldType } from './schema.ts'
import { arrayCodec, type Codec, nullableStructCodec, scalarCodec } from './value-codecs.ts'
import { Writer } from './writer.ts'

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
    if (!isPlain && isChangeable(value)) madeAnew.push({ name, make })
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
    const field = tagged.find((one) => one.tag === tag)
    if (field === undefined) {
      reader.skip(size)
      continue
    }
    try {
      message[field.name] = reader.within(size, field.codec.read)
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
  if (type.kind === 'array') {
    return arrayCodec(typeCodec(type.of, false, target), {
      nullable,
      compact: target.flexible,
      isSpent: !isNumber(type.of),
    })
  }
  if (type.kind === 'struct') {
    const codec = structCodec(type.fields, target)
    return nullable ? nullableStructCodec(codec) : codec
  }
  return scalarCodec(type.kind, nullable, target.flexible)
}

/** Cheaper in memory than objects and strings, and never shorter on the wire than a byte. */
function isNumber(type: FieldType): boolean {
  return type.kind.startsWith('int') || type.kind.startsWith('uint') || type.kind.startsWith('float')
}
