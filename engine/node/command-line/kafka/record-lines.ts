/** Records as the command line writes and reads them: for people on one line, for programs as JSON that can be produced again. */
import { MillraceError } from '../../../base/errors.ts'
import type { ConsumerRecord, Header } from '../../../client/api.ts'
import { decodeForPeople } from '../../../formats/index.ts'
import { parsedIfExact, parsedWithBigInts } from './exact-json.ts'

/** How the bytes of a key, value or header stand in JSON. */
type Format = 'json' | 'utf-8' | 'int32' | 'int64' | 'hex' | 'base64' | 'null'

interface Shown {
  readonly format: Format
  /** JSON values as such but for those with numbers that JavaScript cannot hold, integers as decimal text, anything else as text. */
  readonly value: unknown
}

function shown(bytes: Uint8Array | null, exact: boolean): Shown {
  if (bytes === null) return { format: 'null', value: null }
  if (exact) return { format: 'base64', value: toBuffer(bytes).toString('base64') }
  const { format, text } = decodeForPeople(bytes)
  if (format === 'json' || format === 'windowed-json') {
    const parsed = parsedIfExact(text)
    return parsed ? { format: 'json', ...parsed } : { format: 'utf-8', value: text }
  }
  if (format === 'integer') return { format: bytes.length === 4 ? 'int32' : 'int64', value: text }
  return { format, value: text }
}

/** What expressions see of a record. */
export function fieldsOf(
  record: ConsumerRecord,
): [key: unknown, value: unknown, timestamp: number, headers: object] {
  const headers = Object.fromEntries(record.headers.map(({ key, value }) => [key, forExpressions(value)]))
  return [forExpressions(record.key), forExpressions(record.value), record.timestampMs, headers]
}

function forExpressions(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null
  const { format, text } = decodeForPeople(bytes)
  return format === 'json' || format === 'windowed-json' ? parsedWithBigInts(text) : text
}

/** @param exact bytes as base64, so that producing them again changes nothing */
export function recordObject(record: ConsumerRecord, exact: boolean): Record<string, unknown> {
  const key = shown(record.key, exact)
  const value = shown(record.value, exact)
  return {
    event: 'record',
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    key: key.value,
    keyFormat: key.format,
    value: value.value,
    valueFormat: value.format,
    headers: record.headers.map((header) => {
      const { format, value: text } = shown(header.value, exact)
      return { key: header.key, value: text, valueFormat: format }
    }),
  }
}

export function recordLine(record: ConsumerRecord): string {
  const text = (bytes: Uint8Array | null) =>
    bytes === null ? 'null' : decodeForPeople(bytes).text.replaceAll(/[\r\n]+/g, ' ')
  const headers = record.headers.map(({ key, value }) => `${key}=${text(value)}`).join(' ')
  const time = new Date(record.timestampMs).toISOString()
  return [`${record.partition}:${record.offset}`, time, text(record.key), text(record.value), headers]
    .filter((part, index) => index < 4 || part !== '')
    .join('  ')
}

export interface RecordToSend {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestampMs?: number
  readonly headers: readonly Header[]
}

/** A line as `recordObject` writes it; formats may be left out: texts are UTF-8 then, and anything else JSON. @throws MillraceError BAD_LINE */
export function parseRecord(text: string, line: number): RecordToSend {
  const given = asObject(text, line)
  const { timestampMs, headers = [] } = given
  if (timestampMs !== undefined && !Number.isSafeInteger(timestampMs))
    throw badLine(line, 'timestampMs is no time')
  return {
    key: bytesOf(given.key, given.keyFormat, line),
    value: bytesOf(given.value, given.valueFormat, line),
    timestampMs: typeof timestampMs === 'number' ? timestampMs : undefined,
    headers: parseHeaders(headers, line),
  }
}

function parseHeaders(given: unknown, line: number): Header[] {
  if (Array.isArray(given)) {
    return given.map((one: unknown) => {
      const { key, value, valueFormat } = isObject(one) ? one : {}
      if (typeof key !== 'string') throw badLine(line, 'a header has no key')
      return { key, value: bytesOf(value, valueFormat, line) }
    })
  }
  if (isObject(given)) {
    return Object.entries(given).map(([key, value]) => ({ key, value: bytesOf(value, undefined, line) }))
  }
  throw badLine(line, 'headers are a list or an object')
}

function bytesOf(value: unknown, format: unknown, line: number): Uint8Array | null {
  if (value === undefined || value === null) return format === 'json' ? Buffer.from('null') : null
  if (format === 'json' || (format === undefined && typeof value !== 'string')) {
    return Buffer.from(JSON.stringify(value))
  }
  const text = String(value)
  switch (format) {
    case undefined:
    case 'utf-8':
      return Buffer.from(text)
    case 'base64':
    case 'hex': {
      const bytes = Buffer.from(text, format)
      const isWhole = format === 'hex' ? bytes.length * 2 === text.length : bytes.toString('base64') === text
      if (!isWhole) throw badLine(line, `"${text}" is not ${format}`)
      return bytes
    }
    case 'int32':
    case 'int64':
      return integerBytes(text, format, line)
    default:
      throw badLine(line, `there is no format ${JSON.stringify(format)}`)
  }
}

function integerBytes(text: string, format: 'int32' | 'int64', line: number): Uint8Array {
  if (!/^-?\d+$/.test(text)) throw badLine(line, `"${text}" is no ${format}`)
  const bytes = Buffer.alloc(format === 'int32' ? 4 : 8)
  try {
    if (format === 'int32') bytes.writeInt32BE(Number(text))
    else bytes.writeBigInt64BE(BigInt(text))
  } catch {
    throw badLine(line, `"${text}" is no ${format}`)
  }
  return bytes
}

function asObject(text: string, line: number): Record<string, unknown> {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (thrown) {
    throw badLine(line, thrown instanceof Error ? thrown.message : 'it is no JSON')
  }
  if (isObject(given)) return given
  throw badLine(line, 'it is no object with key and value')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function badLine(line: number, what: string): MillraceError {
  return new MillraceError({
    code: 'BAD_LINE',
    what,
    where: `line ${line} of standard input`,
    remedy: 'correct it and go on from there: the lines before it were produced',
  })
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
