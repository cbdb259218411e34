import { describe, expect, test } from 'vitest'
import type { LineReader, ReadLine } from './index.ts'
import {
  csvReader,
  decodeForPeople,
  formatCsvLine,
  inferCsvColumns,
  inferType,
  ndjsonReader,
} from './index.ts'

function readInPieces(reader: LineReader, text: string, pieceBytes: number): ReadLine[] {
  const bytes = Buffer.from(text)
  const lines: ReadLine[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes)
    lines.push(...reader.push(bytes.subarray(at, at + pieceBytes)))
  return [...lines, ...reader.end()]
}
const values = (lines: readonly ReadLine[]) =>
  lines.map((line) => (line.ok ? line.value : `bad ${line.line}: ${line.what}`))

describe('records decoded for people', () => {
  test.each([
    ['{"a": 1}', 'json'],
    ['42', 'json'],
    ['{"key":"a","windowStartMs":0,"windowEndMs":10}', 'windowed-json'],
    ['true north', 'utf-8'],
    ['zwölf\tuhr', 'utf-8'],
    ['', 'utf-8'],
  ])('%j is %s, as it was written', (text, format) => {
    expect(decodeForPeople(Buffer.from(text))).toEqual({ format, text })
  })

  test('four and eight bytes that are no text are integers, other lengths are hexadecimal', () => {
    expect(decodeForPeople(Buffer.from([0, 0, 1, 0]))).toEqual({ format: 'integer', text: '256' })
    expect(decodeForPeople(Buffer.from('ffffffffffffffff', 'hex'))).toEqual({ format: 'integer', text: '-1' })
    expect(decodeForPeople(Buffer.from([0xff, 0x00, 0x01]))).toEqual({ format: 'hex', text: 'ff0001' })
  })

  test('it reads only the bytes that it is given, not what lies around them', () => {
    expect(decodeForPeople(Buffer.from('xx\0\0\0\x07yy').subarray(2, 6)).text).toBe('7')
  })
})

describe('CSV', () => {
  const text = 'id,name,note\r\n1,Zoë,"a, ""b""\nc"\n\n2,Bo,\n3,too,many,cells\n4,"open" x,\n5,Al,end'

  test.each([1, 3, 1000])(
    'is read the same in pieces of %i bytes; bad lines are told and do not stop it',
    (bytes) => {
      const lines = readInPieces(csvReader(), text, bytes)
      expect(values(lines)).toEqual([
        { id: '1', name: 'Zoë', note: 'a, "b"\nc' },
        { id: '2', name: 'Bo', note: null },
        'bad 6: it has 4 cells where the header has 3',
        'bad 7: " " follows the closing quote of a cell',
        { id: '5', name: 'Al', note: 'end' },
      ])
      expect(lines.map((line) => line.line)).toEqual([2, 5, 6, 7, 8])
    },
  )

  test('reading goes on from the position after any line', () => {
    const bytes = Buffer.from(text)
    const columns = inferCsvColumns(bytes)
    const all = readInPieces(csvReader({ columns }), text, 1000)
    for (const [i, { next }] of all.entries()) {
      const rest = csvReader({ columns, from: next })
      expect([...rest.push(bytes.subarray(next.byte)), ...rest.end()]).toEqual(all.slice(i + 1))
    }
  })

  test('columns get types from a sample, and what does not fit later is a bad line', () => {
    const columns = inferCsvColumns(Buffer.from('a,zip,ok\n1,007,true\n-2.5e3,123,false\n'))
    expect(columns).toEqual([
      { name: 'a', type: 'number' },
      { name: 'zip', type: 'text' },
      { name: 'ok', type: 'boolean' },
    ])
    expect(values(readInPieces(csvReader({ columns }), 'a,zip,ok\n1,1,true\nx,1,true\n', 50))).toEqual([
      { a: 1, zip: '1', ok: true },
      'bad 3: "x" in column a is not a number',
    ])
  })

  test('what is written is read back', () => {
    const cells = ['plain', 'a,b', 'say "hi"', 'two\nlines', '', '7']
    const written = `${formatCsvLine(['a', 'b', 'c', 'd', 'e', 'f'])}\n${formatCsvLine(cells)}\n`
    expect(values(readInPieces(csvReader(), written, 7))).toEqual([
      { a: 'plain', b: 'a,b', c: 'say "hi"', d: 'two\nlines', e: null, f: '7' },
    ])
  })
})

describe('NDJSON', () => {
  test('bad lines carry their number and their beginning', () => {
    const lines = readInPieces(ndjsonReader(), '{"a":1}\n\n{broken\n"é"', 2)
    expect(lines.map(({ ok, line }) => [ok, line])).toEqual([
      [true, 1],
      [false, 3],
      [true, 4],
    ])
    expect(lines[1]).toMatchObject({ text: '{broken' })
  })
})

describe('a line longer than 1 MiB', () => {
  const mebibyte = 1024 * 1024
  const long = 'x'.repeat(mebibyte)

  test.each([997, 64 * 1024, 16 * mebibyte])(
    'is one bad line, and what follows is read (pieces of %i bytes)',
    (bytes) => {
      const text = `{"a":1}\n"${long}"\n{"a":2}\n{"a":"${long.slice(100)}"}\n{"a":3}\n${long}${long}`
      const lines = readInPieces(ndjsonReader(), text, bytes)
      expect(lines.map((line) => (line.ok ? Object.keys(line.value as object) : line.what))).toEqual([
        ['a'],
        'it is longer than 1 MiB',
        ['a'],
        ['a'],
        ['a'],
        'it is longer than 1 MiB',
      ])
      expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6])
      expect(lines.at(-1)!.next.byte).toBe(text.length)
      expect(lines[1]).toMatchObject({ text: expect.stringMatching(/^"x{100,198}…$/) })
    },
  )

  test('is what a quote that never closes makes of what follows, and no more', () => {
    const rows = Array.from({ length: 400_000 }, (_, n) => `${n},b`)
    rows[10] = '10,"b'
    const text = `n,b\n${rows.join('\n')}\n`
    const lines = readInPieces(csvReader(), text, 64 * 1024)
    const bad = lines.filter(({ ok }) => !ok)
    expect(bad).toMatchObject([{ line: 12, what: 'it is longer than 1 MiB' }])
    const next = lines[lines.indexOf(bad[0]!) + 1]!
    expect(next).toMatchObject({ ok: true, value: { n: String(next.line - 2) } })
    expect(lines.at(-1)).toMatchObject({ line: 400_001, value: { n: '399999' } })
  })

  test('takes no more memory and time than its bytes need', () => {
    const reader = csvReader()
    const piece = Buffer.alloc(64 * 1024, 'x')
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 4096; i++) expect(reader.push(piece)).toEqual([])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * mebibyte)
    expect(reader.end()).toMatchObject([{ ok: false, next: { line: 2, byte: 4096 * 64 * 1024 } }])
  })
})

describe('the type of samples', () => {
  test('fields missing in some samples are optional, and values of several kinds give unions', () => {
    const samples = [
      { id: 1, tags: ['a'], at: null },
      { id: 'x', tags: [], 'odd name': { deep: true } },
    ]
    expect(inferType(samples)).toBe(
      '{ id: string | number; tags: string[]; at?: null; "odd name"?: { deep: boolean } }',
    )
  })
  test('nothing gives unknown', () => {
    expect(inferType([])).toBe('unknown')
    expect(inferType([[1, null]])).toBe('(number | null)[]')
  })
})
