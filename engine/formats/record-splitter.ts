/** A record's text in a file of lines, with where it lies. */
export interface RawRecord {
  readonly text: string
  /** From 1, of its first line. */
  readonly line: number
  /** Position in the file after it and its line end: where reading goes on. */
  readonly endByte: number
}

export interface FilePosition {
  readonly line: number
  readonly byte: number
}

export const fileStart: FilePosition = { line: 1, byte: 0 }

const lineFeed = 10
const carriageReturn = 13
const quote = 34
/** A quote that is never closed would take the rest of the file with it. */
const recordBytesMax = 1024 * 1024

/**
 * Cuts bytes, in whatever pieces they come, into records at line ends; with `quotes` a line end between double quotes belongs to the
 * record (RFC 4180). Bytes are cut before they are decoded, so that pieces may end within a character.
 */
export class RecordSplitter {
  readonly #quotes: boolean
  #rest: Buffer = Buffer.alloc(0)
  /** How much of the rest has been looked at. */
  #scanned = 0
  #insideQuotes = false
  #line: number
  /** Line ends seen inside the record that is being read. */
  #innerLines = 0
  #byte: number

  constructor(options: { readonly quotes: boolean; readonly from?: FilePosition }) {
    this.#quotes = options.quotes
    this.#line = options.from?.line ?? 1
    this.#byte = options.from?.byte ?? 0
  }

  push(chunk: Uint8Array): RawRecord[] {
    this.#rest = this.#rest.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
    const records: RawRecord[] = []
    let start = 0
    let at = this.#scanned
    while (at < this.#rest.byteLength) {
      const byte = this.#rest[at]!
      at++
      if (byte === quote && this.#quotes) this.#insideQuotes = !this.#insideQuotes
      if (byte !== lineFeed) continue
      if (this.#insideQuotes && at - start < recordBytesMax) {
        this.#innerLines++
        continue
      }
      records.push(this.#cut(start, at))
      start = at
    }
    this.#rest = this.#rest.subarray(start)
    this.#scanned = this.#rest.byteLength
    return records
  }

  /** The last record, if it has no line end. */
  end(): RawRecord[] {
    if (this.#rest.byteLength === 0) return []
    const record = this.#cut(0, this.#rest.byteLength)
    this.#rest = Buffer.alloc(0)
    this.#scanned = 0
    return [record]
  }

  #cut(start: number, end: number): RawRecord {
    let textEnd = end
    if (textEnd > start && this.#rest[textEnd - 1] === lineFeed) textEnd--
    if (textEnd > start && this.#rest[textEnd - 1] === carriageReturn) textEnd--
    this.#byte += end - start
    const record = {
      text: this.#rest.toString('utf8', start, textEnd),
      line: this.#line,
      endByte: this.#byte,
    }
    this.#line += 1 + this.#innerLines
    this.#innerLines = 0
    this.#insideQuotes = false
    return record
  }
}
