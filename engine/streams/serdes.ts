import { MillraceError } from '../base/errors.ts'
import type { Serde, Windowed } from './api.ts'
import type { SerdeName } from './plan.ts'

/** JSON text in UTF-8. What JSON has no word for (undefined, a function) is refused rather than lost. */
export const jsonSerde: Serde<unknown> = {
  name: 'json',
  serialize(value) {
    const text = JSON.stringify(value)
    if (text === undefined) throw unfit('json', `a ${typeof value}`)
    return Buffer.from(text)
  },
  deserialize(bytes) {
    const text = textOf(bytes)
    return bytes[0] === quote && isPlainString(text) ? text.slice(1, -1) : JSON.parse(text)
  },
}

const quote = 0x22
const backslash = 0x5c

/** A short JSON string without escapes, as most keys are, needs no parser. */
function isPlainString(text: string): boolean {
  const last = text.length - 1
  if (last < 1 || last > 64 || text.charCodeAt(last) !== quote) return false
  for (let i = 1; i < last; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === quote || code === backslash) return false
  }
  return true
}

/** UTF-8 text. Anything else than a string is written as its JSON. */
const stringSerde: Serde<unknown> = {
  name: 'string',
  serialize: (value) => (typeof value === 'string' ? Buffer.from(value) : jsonSerde.serialize(value)),
  deserialize: textOf,
}

const bytesSerde: Serde<unknown> = {
  name: 'bytes',
  serialize(value) {
    if (!(value instanceof Uint8Array)) throw unfit('bytes', `a ${typeof value}`)
    return value
  },
  deserialize: (bytes) => bytes,
}

/** A window's key as `{"key":…,"windowStartMs":…,"windowEndMs":…}`. */
export const windowedJsonSerde: Serde<unknown> = {
  name: 'windowed-json',
  serialize(value) {
    if (!isWindowed(value)) throw unfit('windowed-json', 'something without window bounds')
    const { key, windowStartMs, windowEndMs } = value
    return Buffer.from(JSON.stringify({ key, windowStartMs, windowEndMs }))
  },
  deserialize(bytes) {
    const value: unknown = JSON.parse(textOf(bytes))
    if (!isWindowed(value)) throw unfit('windowed-json', 'JSON without window bounds')
    return value
  },
}

const serdes: Readonly<Record<SerdeName, Serde<unknown>>> = {
  json: jsonSerde,
  string: stringSerde,
  bytes: bytesSerde,
  'windowed-json': windowedJsonSerde,
}

export function serdeNamed(name: SerdeName): Serde<unknown> {
  return serdes[name]
}

/** Typed views for hand-written topologies; the type is the writer's promise and is not checked at run time. */
export function json<T>(): Serde<T> {
  return jsonSerde as Serde<T>
}
export function string(): Serde<string> {
  return stringSerde as Serde<string>
}
export function bytes(): Serde<Uint8Array> {
  return bytesSerde as Serde<Uint8Array>
}
export function windowedJson<K>(): Serde<Windowed<K>> {
  return windowedJsonSerde as Serde<Windowed<K>>
}

function textOf(data: Uint8Array): string {
  return Buffer.isBuffer(data)
    ? data.toString('utf8')
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
}

function isWindowed(value: unknown): value is Windowed<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    'windowStartMs' in value &&
    typeof value.windowStartMs === 'number' &&
    'windowEndMs' in value &&
    typeof value.windowEndMs === 'number'
  )
}

function unfit(format: string, got: string): MillraceError {
  return new MillraceError({
    code: 'BAD_FORMAT',
    what: `${got} does not fit the format ${format}`,
    remedy: 'choose another format for the topic, or map to a value that fits',
  })
}
