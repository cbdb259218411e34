export type PeopleFormat = 'json' | 'windowed-json' | 'utf-8' | 'integer' | 'hex'

export interface DecodedForPeople {
  readonly format: PeopleFormat
  /** JSON stays as it was written. */
  readonly text: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes as something to read, the formats tried in turn: JSON, text, a big-endian integer of 4 or 8 bytes, hexadecimal. */
export function decodeForPeople(bytes: Uint8Array): DecodedForPeople {
  const text = asText(bytes)
  if (text !== undefined) {
    const json = asJson(text)
    if (json !== undefined) return { format: json, text }
    if (isReadable(text)) return { format: 'utf-8', text }
  }
  const integer = asInteger(bytes)
  if (integer !== undefined) return { format: 'integer', text: integer }
  return { format: 'hex', text: asHex(bytes) }
}

/** Undefined when the bytes are not UTF-8. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** What JSON can begin with: most other texts need no attempt at parsing. */
const jsonStart = /^\s*[{["\-0-9tfn]/

function asJson(text: string): 'json' | 'windowed-json' | undefined {
  if (!jsonStart.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isWindowedKey(value) ? 'windowed-json' : 'json'
  } catch {
    return undefined
  }
}

function isWindowedKey(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 3 &&
    'key' in value &&
    'windowStartMs' in value &&
    'windowEndMs' in value
  )
}

/** No control characters but those that lay out text. */
function isReadable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 ? code !== 9 && code !== 10 && code !== 13 : code === 127) return false
  }
  return true
}

function asInteger(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength === 4) return String(view.getInt32(0))
  if (bytes.byteLength === 8) return String(view.getBigInt64(0))
  return undefined
}

function asHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
