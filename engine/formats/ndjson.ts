import { badLine, type LineReader, type ReadLine, tooLong } from './line-reader.ts'
import { type FilePosition, type RawRecord, RecordSplitter } from './record-splitter.ts'

/** One JSON value a line. */
export function ndjsonReader(options: { readonly from?: FilePosition } = {}): LineReader {
  const splitter = new RecordSplitter({ quotes: false, from: options.from })
  return {
    push: (chunk) => splitter.push(chunk).flatMap(parse),
    end: () => splitter.end().flatMap(parse),
  }
}

function parse(raw: RawRecord): ReadLine[] {
  if (raw.isTooLong) return [tooLong(raw)]
  const { text, line, next } = raw
  const place = { line, next }
  const plain = line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text
  if (plain.trim() === '') return []
  try {
    const value: unknown = JSON.parse(plain)
    return [{ ok: true, ...place, value }]
  } catch (error) {
    return [badLine(place, `not JSON: ${error instanceof Error ? error.message : String(error)}`, text)]
  }
}
