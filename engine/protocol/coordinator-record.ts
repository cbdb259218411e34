import { type Message, message } from './api.ts'
import { Reader } from './reader.ts'
import type { Decoded, Encodable, Field } from './schema.ts'
import { Writer } from './writer.ts'

const keyVersion = 0

/**
 * A kind of record in a coordinator's topic, as Kafka lays it out: two bytes of type in front of the key, two bytes of
 * version in front of the value. A null value deletes.
 */
export interface RecordKind<Key extends Field = Field, Value extends Field = Field> {
  readonly type: number
  readonly key: Message<Key>
  readonly value: Message<Value>
}

interface RecordKindParts<Key extends Field, Value extends Field> {
  readonly name: string
  readonly type: number
  readonly key: Key
  /** Of the value; the key has one version. */
  readonly versions: readonly [first: number, last: number]
  /** First version of the value with compact lengths and tagged fields; left out: none. */
  readonly flexibleFrom?: number
  readonly value: Value
}

export function recordKind<Key extends Field, Value extends Field>(
  parts: RecordKindParts<Key, Value>,
): RecordKind<Key, Value> {
  const { name, type, versions, flexibleFrom } = parts
  return {
    type,
    key: message({ name: `${name}Key`, versions: [keyVersion, keyVersion], schema: parts.key }),
    value: message({ name: `${name}Value`, versions, flexibleFrom, schema: parts.value }),
  }
}

/** What tells one kind of record from another. @throws MillraceError MALFORMED_FRAME */
export function recordTypeOf(key: Buffer): number {
  return new Reader(key).int16()
}

export function encodeRecordKey<Key extends Field>(
  kind: RecordKind<Key, Field>,
  key: Encodable<Key>,
): Buffer {
  return prefixed(kind.type, (writer) => kind.key.write(writer, keyVersion, key))
}

/** Of a record of this kind. @throws MillraceError MALFORMED_FRAME */
export function decodeRecordKey<Key extends Field>(kind: RecordKind<Key, Field>, key: Buffer): Decoded<Key> {
  const reader = new Reader(key)
  reader.int16()
  return kind.key.read(reader, keyVersion)
}

export function encodeRecordValue<Value extends Field>(
  kind: RecordKind<Field, Value>,
  version: number,
  value: Encodable<Value>,
): Buffer {
  return prefixed(version, (writer) => kind.value.write(writer, version, value))
}

/** A value of any version. Bytes in it are views. @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION */
export function decodeRecordValue<Value extends Field>(
  kind: RecordKind<Field, Value>,
  value: Buffer,
): { version: number; value: Decoded<Value> } {
  const reader = new Reader(value)
  const version = reader.int16()
  return { version, value: kind.value.read(reader, version) }
}

function prefixed(prefix: number, write: (writer: Writer) => void): Buffer {
  const writer = new Writer()
  writer.int16(prefix)
  write(writer)
  return Buffer.concat(writer.finish())
}
