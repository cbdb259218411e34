import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createCodeLoader } from './code.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-code-'))
afterAll(() => rmSync(folder, { recursive: true }))
const loader = createCodeLoader()

function write(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  return path
}

describe('a bundle', () => {
  test('runs TypeScript with the files it imports and the modules provided', async () => {
    write('parts/double.ts', 'export const double = (n: number): number => n * 2')
    const entry = write(
      'entry.ts',
      `import { double } from './parts/double.ts'
       import { offset } from 'millrace/processor'
       export default function run(n: number) { return double(n) + offset }`,
    )
    const code = await loader.bundle(entry)
    expect(code.problems).toEqual([])
    const exported = loader.load(code, { 'millrace/processor': { offset: 1 } })
    const run = exported.default
    expect(typeof run === 'function' && run(20)).toBe(41)
  })

  test('with a syntax error names file, line and column, and is not loaded', async () => {
    const entry = write('broken.ts', 'export const a = 1\nexport const b = = 2\n')
    const code = await loader.bundle(entry)
    expect(code.problems).toMatchObject([{ path: entry, line: 2, column: 18, text: expect.any(String) }])
    expect(() => loader.load(code, {})).toThrow(
      expect.objectContaining({ code: 'CODE_HAS_ERRORS', where: `${entry}:2:18` }),
    )
  })

  test('that imports what nobody provides says so', async () => {
    const entry = write('foreign.ts', `import { x } from 'millrace/none'\nexport const y = x`)
    const code = await loader.bundle(entry)
    expect(() => loader.load(code, { millrace: {} })).toThrow(
      expect.objectContaining({ code: 'MODULE_NOT_PROVIDED', where: entry }),
    )
  })

  test('that throws can be traced to the line of the source, in an imported file too', async () => {
    const helper = write(
      'deep/fail.ts',
      `interface Gone {\n  a: string\n}\n\nexport function fail(value: Gone): never {\n  throw new Error('no ' + value.a)\n}\n`,
    )
    const entry = write(
      'thrower.ts',
      `import { fail } from './deep/fail.ts'\nexport const run = (): void => fail({ a: 'x' })`,
    )
    const { run } = loader.load(await loader.bundle(entry), {})
    let thrown: unknown
    try {
      if (typeof run === 'function') run()
    } catch (error) {
      thrown = error
    }
    expect(loader.locate(thrown)).toMatchObject({ path: helper, line: 6 })
    expect(loader.locate(new Error('from elsewhere'))).toBeUndefined()
  })
})

describe('an expression', () => {
  test('sees its parameters and gives its value', () => {
    expect(loader.expression('value.price * 2 // twice', ['key', 'value'])(null, { price: 4 })).toBe(8)
    expect(loader.expression('{ a: 1 }', [])()).toEqual({ a: 1 })
  })

  test.each([
    ['value..price', 1, 7],
    ['value +\n  * 2', 2, 3],
    ['(value', 1, 7],
    ['', 1, 1],
    ['value) + (value', 1, 6],
  ])('%j is refused at line %i, column %i', (text, line, column) => {
    expect(() => loader.expression(text, ['value'])).toThrow(
      expect.objectContaining({ code: 'BAD_EXPRESSION', details: { line, column } }),
    )
  })

  test.each(['a; b', 'return 1', 'if (a) b', 'a, b) , (c'])('%j is refused', (text) => {
    expect(() => loader.expression(text, ['a', 'b', 'c'])).toThrow(
      expect.objectContaining({ code: 'BAD_EXPRESSION' }),
    )
  })
})
