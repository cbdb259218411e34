/** CSV after RFC 4180: a header line, then a record a line; fields in double quotes may hold delimiters, quotes and line ends. */
import { badLine, type LineReader, type ReadLine, tooLong } from './line-reader.ts'
import { type FilePosition, type RawRecord, RecordSplitter } from './record-splitter.ts'

export type CsvCellType = 'text' | 'number' | 'boolean'

export interface CsvColumn {
  readonly name: string
  readonly type: CsvCellType
}

export interface CsvOptions {
  /** Default `,`. */
  readonly delimiter?: string
  /** The file's columns, as `inferCsvColumns` finds them. Absent: the first line names them, and all cells are texts. */
  readonly columns?: readonly CsvColumn[]
  /** Where to go on; not at the file's start there is no header line to come. */
  readonly from?: FilePosition
}

/** Each line as an object; an empty cell is null. A line with a wrong number of cells, or a cell that does not fit, is a bad line. */
export function csvReader(options: CsvOptions = {}): LineReader {
  const { delimiter = ',', from } = options
  const splitter = new RecordSplitter({ quotes: true, from })
  let columns = options.columns
  let headerToCome = (from?.byte ?? 0) === 0
  const parse = (raw: RawRecord): ReadLine[] => {
    if (raw.isTooLong) return [tooLong(raw)]
    if (raw.text.trim() === '') return []
    const place = { line: raw.line, next: raw.next }
    const cells = parseCsvCells(raw.text, delimiter)
    if (typeof cells === 'string') return [badLine(place, cells, raw.text)]
    if (headerToCome) {
      headerToCome = false
      columns ??= headerNames(cells).map((name) => ({ name, type: 'text' }))
      return []
    }
    const value = toObject(cells, columns ?? [])
    if (typeof value === 'string') return [badLine(place, value, raw.text)]
    return [{ ok: true, ...place, value }]
  }
  return {
    push: (chunk) => splitter.push(chunk).flatMap(parse),
    end: () => splitter.end().flatMap(parse),
  }
}

/**
 * Columns and their types from the file's beginning: a column is of numbers (or booleans) when all its non-empty cells are. What
 * only looks like a number, such as `007`, stays text.
 */
export function inferCsvColumns(sample: Uint8Array, delimiter = ','): CsvColumn[] {
  const records = new RecordSplitter({ quotes: true }).push(sample)
  const rows = records
    .map(({ text }) => parseCsvCells(text, delimiter))
    .filter((row) => typeof row !== 'string')
  const [header, ...body] = rows
  if (header === undefined) return []
  return headerNames(header).map((name, i) => {
    const cells = body.map((row) => row[i] ?? '').filter((cell) => cell !== '')
    return { name, type: typeOf(cells) }
  })
}

function headerNames(cells: readonly string[]): string[] {
  return cells.map((cell, i) => (i === 0 ? cell.replace(/^\uFEFF/, '') : cell).trim())
}

function typeOf(cells: readonly string[]): CsvCellType {
  if (cells.length === 0) return 'text'
  if (cells.every((cell) => number.test(cell))) return 'number'
  return cells.every((cell) => cell === 'true' || cell === 'false') ? 'boolean' : 'text'
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** The object, or what is wrong with the cells. */
function toObject(cells: readonly string[], columns: readonly CsvColumn[]): Record<string, unknown> | string {
  if (cells.length !== columns.length) {
    return `it has ${cells.length} cells where the header has ${columns.length}`
  }
  const value: Record<string, unknown> = {}
  for (const [i, { name, type }] of columns.entries()) {
    const cell = cells[i]!
    if (cell === '') value[name] = null
    else if (type === 'text') value[name] = cell
    else if (type === 'number' && number.test(cell)) value[name] = Number(cell)
    else if (type === 'boolean' && (cell === 'true' || cell === 'false')) value[name] = cell === 'true'
    else return `"${cell.slice(0, 40)}" in column ${name} is not a ${type}`
  }
  return value
}

/** The cells of one record, or what is wrong with it. */
function parseCsvCells(text: string, delimiter: string): string[] | string {
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (text[at] !== '"') {
      const found = text.indexOf(delimiter, at)
      const end = found < 0 ? text.length : found
      cells.push(text.slice(at, end))
      if (found < 0) return cells
      at = end + delimiter.length
      continue
    }
    const quoted = readQuoted(text, at)
    if (quoted === undefined) return 'a quoted cell is not closed'
    cells.push(quoted.cell)
    at = quoted.end
    if (at >= text.length) return cells
    if (!text.startsWith(delimiter, at)) return `"${text[at]}" follows the closing quote of a cell`
    at += delimiter.length
  }
}

function readQuoted(text: string, start: number): { cell: string; end: number } | undefined {
  let cell = ''
  let at = start + 1
  for (;;) {
    const found = text.indexOf('"', at)
    if (found < 0) return undefined
    cell += text.slice(at, found)
    if (text[found + 1] !== '"') return { cell, end: found + 1 }
    cell += '"'
    at = found + 2
  }
}

/** A line without its end; cells are quoted where they must be. */
export function formatCsvLine(cells: readonly unknown[], delimiter = ','): string {
  return cells.map((cell) => formatCell(cell, delimiter)).join(delimiter)
}

function formatCell(cell: unknown, delimiter: string): string {
  if (cell === null || cell === undefined) return ''
  const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
  const plain = !text.includes(delimiter) && !/["\r\n]/.test(text)
  return plain ? text : `"${text.replaceAll('"', '""')}"`
}
