import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import type { StreamRecord } from '../../streams/api.ts'
import { runtime } from './runtime.ts'

const environment = createNodeEnvironment({ seed: 'file-sink' })
let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-file-sink-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (file: string) => path.join(folder, file)
const contextOf = (config: Record<string, unknown>) => ({ environment, config, folder })
const record = (value: unknown): StreamRecord => ({ key: null, value, timestampMs: 0, headers: [] })

async function write(config: Record<string, unknown>, ...values: unknown[]): Promise<void> {
  const sink = runtime.sink!(contextOf(config))()
  try {
    await sink.open?.({ id: '0_0', partition: 0 })
    await sink.deliver(values.map(record))
  } finally {
    await sink.close?.()
  }
}

const out = { file: 'out/a.ndjson', format: 'ndjson' }

it('a run from the start begins with an empty file, of several deliveries and runs', async () => {
  await write(out, { n: 1 }, { n: 2 })
  await write(out, { n: 3 })
  await runtime.reset!(contextOf(out))
  expect(readdirSync(at('out'))).toEqual([])
  await runtime.reset!(contextOf(out))
  await write(out, { n: 4 })
  expect(readFileSync(at('out/a.ndjson'), 'utf8')).toBe('{"n":4}\n')
})

it('a file that something else has written is not removed, nor is one that took the place of the sink’s', async () => {
  const mine = '{"mine":true}\n'
  mkdirSync(at('out'))
  writeFileSync(at('out/a.ndjson'), mine)
  await expect(runtime.reset!(contextOf(out))).rejects.toMatchObject({ code: 'FILE_NOT_OF_SINK' })
  await write(out, { n: 1 })
  await expect(runtime.reset!(contextOf(out))).rejects.toMatchObject({ code: 'FILE_NOT_OF_SINK' })
  expect(readFileSync(at('out/a.ndjson'), 'utf8')).toBe(`${mine}{"n":1}\n`)
  rmSync(at('out/a.ndjson'))
  await write(out, { n: 1 })
  writeFileSync(at('out/a.ndjson'), mine)
  await expect(runtime.reset!(contextOf(out))).rejects.toMatchObject({ code: 'FILE_NOT_OF_SINK' })
  expect(readFileSync(at('out/a.ndjson'), 'utf8')).toBe(mine)
})

it.each(['data', 'data/', '.'])('the folder “%s” is neither removed nor written', async (file) => {
  mkdirSync(at('data'))
  writeFileSync(at('data/in.ndjson'), '{}\n')
  await expect(runtime.reset!(contextOf({ file }))).rejects.toMatchObject({ code: 'FILE_IS_A_FOLDER' })
  await expect(write({ file }, { n: 1 })).rejects.toMatchObject({ code: 'FILE_IS_A_FOLDER' })
  expect(existsSync(at('data/in.ndjson'))).toBe(true)
})

it('a line that was cut off in the middle is cleared away before more is written', async () => {
  await write(out, { n: 1 }, { n: 2 })
  writeFileSync(at('out/a.ndjson'), '{"n":1}\n{"n"')
  await write(out, { n: 2 })
  expect(readFileSync(at('out/a.ndjson'), 'utf8')).toBe('{"n":1}\n{"n":2}\n')
})

it('the last line of a file of one’s own stays whole, though it does not end', async () => {
  mkdirSync(at('out'))
  writeFileSync(at('out/a.ndjson'), '{"mine":true}')
  await write(out, { n: 2 })
  expect(readFileSync(at('out/a.ndjson'), 'utf8')).toBe('{"mine":true}\n{"n":2}\n')
})

it('a CSV file keeps its columns, with commas and quotes in their names and Windows line ends', async () => {
  writeFileSync(at('a.csv'), '"a,b","say ""hi""",n\r\n1,2,3\r\n')
  await write({ file: 'a.csv', format: 'csv' }, { n: 6, 'a,b': 4, 'say "hi"': 5 })
  expect(readFileSync(at('a.csv'), 'utf8')).toBe('"a,b","say ""hi""",n\r\n1,2,3\r\n4,5,6\n')
})
