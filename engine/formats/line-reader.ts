import type { FilePosition, RawRecord } from './record-splitter.ts'

/** A line of a file as a value; or why it is none, which does not stop what follows. */
export type ReadLine = GoodLine | BadLine

interface Place {
  readonly line: number
  /** Where reading goes on after it. */
  readonly next: FilePosition
}

export interface GoodLine extends Place {
  readonly ok: true
  readonly value: unknown
}

export interface BadLine extends Place {
  readonly ok: false
  readonly what: string
  /** Its beginning. */
  readonly text: string
}

/** Takes a file's bytes in pieces and gives its lines; empty lines are passed over. */
export interface LineReader {
  push(chunk: Uint8Array): ReadLine[]
  /** There is no more: the last line may lack its end. */
  end(): ReadLine[]
}

export function badLine(place: Place, what: string, text: string): BadLine {
  return {
    ok: false,
    line: place.line,
    next: place.next,
    what,
    text: text.length > 200 ? `${text.slice(0, 199)}…` : text,
  }
}

export function tooLong(raw: RawRecord): BadLine {
  return badLine(raw, 'it is longer than 1 MiB', raw.text)
}
