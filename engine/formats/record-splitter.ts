/** A record's text in a file of lines, with where it lies. */
export interface RawRecord {
  /** Its beginning, where it is too long. */
  readonly text: string
  /** From 1, of its first line. */
  readonly line: number
  /** Where reading goes on: after it and its line end. */
  readonly next: FilePosition
  readonly isTooLong: boolean
}

export interface FilePosition {
  readonly line: number
  readonly byte: number
}

export const fileStart: FilePosition = { line: 1, byte: 0 }

const lineFeed = 10
const carriageReturn = 13
const quote = 34
/** Its line end included. A file without line ends, or a quote that is never closed, would take all memory. */
const recordBytesMax = 1024 * 1024
/** Of a record that is too long. */
const shownBytes = 1024

/**
 * Cuts bytes, in whatever pieces they come, into records at line ends; with `quotes` a line end between double quotes belongs to the
 * record (RFC 4180). Bytes are cut before they are decoded, so that pieces may end within a character. A record that becomes too
 * long ends with its line, quotes or not; only its beginning is kept.
 */
export class RecordSplitter {
  readonly #quotes: boolean
  /** What is there of the record that is being read. */
  #pieces: Buffer[] = []
  #bytes = 0
  #insideQuotes = false
  /** Line ends seen inside the record that is being read. */
  #innerLines = 0
  #line: number
  #byte: number

  constructor(options: { readonly quotes: boolean; readonly from?: FilePosition }) {
    this.#quotes = options.quotes
    this.#line = options.from?.line ?? 1
    this.#byte = options.from?.byte ?? 0
  }

  push(chunk: Uint8Array): RawRecord[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const records: RawRecord[] = []
    let start = 0
    for (;;) {
      const end = this.#recordEnd(bytes, start)
      if (end === undefined) break
      records.push(this.#cut(bytes.subarray(start, end)))
      start = end
    }
    this.#keep(bytes.subarray(start))
    return records
  }

  /** The last record, if it has no line end. */
  end(): RawRecord[] {
    return this.#bytes === 0 ? [] : [this.#cut(Buffer.alloc(0))]
  }

  /** After the line end of the record that goes on at `start`; undefined when that is still to come. */
  #recordEnd(bytes: Buffer, start: number): number | undefined {
    if (!this.#quotes) {
      const found = bytes.indexOf(lineFeed, start)
      return found < 0 ? undefined : found + 1
    }
    for (let at = start; at < bytes.byteLength; at++) {
      const byte = bytes[at]
      if (byte === quote) this.#insideQuotes = !this.#insideQuotes
      if (byte !== lineFeed) continue
      const end = at + 1
      if (!this.#insideQuotes || this.#bytes + end - start > recordBytesMax) return end
      this.#innerLines++
    }
    return undefined
  }

  /** A copy: the caller may use its bytes again. */
  #keep(rest: Buffer): void {
    if (rest.byteLength === 0) return
    const wasTooLong = this.#bytes > recordBytesMax
    this.#bytes += rest.byteLength
    if (wasTooLong) return
    this.#pieces.push(Buffer.from(rest))
    if (this.#bytes > recordBytesMax) this.#pieces = [Buffer.concat(this.#pieces, shownBytes)]
  }

  #cut(rest: Buffer): RawRecord {
    const bytes = this.#bytes + rest.byteLength
    const isTooLong = bytes > recordBytesMax
    const whole = this.#pieces.length === 0 ? rest : Buffer.concat([...this.#pieces, rest])
    const text = isTooLong ? whole.subarray(0, shownBytes) : whole
    let end = text.byteLength
    if (end > 0 && text[end - 1] === lineFeed) end--
    if (end > 0 && text[end - 1] === carriageReturn) end--
    const line = this.#line
    this.#line += 1 + this.#innerLines
    this.#byte += bytes
    this.#pieces = []
    this.#bytes = 0
    this.#innerLines = 0
    this.#insideQuotes = false
    return {
      text: text.toString('utf8', 0, end),
      line,
      next: { line: this.#line, byte: this.#byte },
      isTooLong,
    }
  }
}
