import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportProject } from '../../engine/export/index.ts'
import { readPipeline } from '../../engine/host/files/read-pipeline.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { type NodeConfig, printDocument } from '../../engine/pipeline/index.ts'
import { documentOf } from '../pipeline/documents.ts'

const checkout = path.resolve(import.meta.dirname, '../..')
const libraryFolder = path.dirname(createRequire(import.meta.url).resolve('typescript'))
const environment = createNodeEnvironment()

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-export-'))
  writeFileSync(path.join(folder, 'millrace.tgz'), 'the packed runtime')
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function exportOf(pipelinePath: string) {
  const out = path.join(folder, 'project')
  const { readme, ...pipeline } = await readPipeline(environment.disk, pipelinePath)
  const packagePath = path.join(folder, 'millrace.tgz')
  const exported = await exportProject(environment, {
    pipeline: { ...pipeline, readme },
    target: 'node',
    out,
    packagePath,
    libraryFolder,
  })
  return { out, ...exported }
}

/** In place of `npm install`: the package's entries as they are in the sources. */
function linkRuntime(out: string): void {
  const runtime = path.join(folder, 'runtime')
  mkdirSync(runtime)
  const entries = ['index', 'streams', 'client', 'cluster', 'nodes', 'testing']
  const exports = Object.fromEntries(
    entries.map((name) => [name === 'index' ? '.' : `./${name}`, `./${name}.ts`]),
  )
  writeFileSync(
    path.join(runtime, 'package.json'),
    JSON.stringify({ name: 'millrace', type: 'module', exports }),
  )
  for (const name of entries) {
    const target = path.join(checkout, `engine/node/package/${name}.ts`)
    writeFileSync(path.join(runtime, `${name}.ts`), `export * from ${JSON.stringify(target)}\n`)
  }
  mkdirSync(path.join(out, 'node_modules'))
  symlinkSync(runtime, path.join(out, 'node_modules/millrace'))
  symlinkSync(path.join(checkout, 'node_modules/@types'), path.join(out, 'node_modules/@types'))
}

/** The compiler's messages about the project's own files. */
function typeErrors(out: string): string[] {
  const tsc = path.join(checkout, 'node_modules/typescript-native/bin/tsc')
  const check = spawnSync(process.execPath, [tsc, '-p', out], { cwd: out, encoding: 'utf8' })
  return check.stdout.split('\n').filter((line) => /^(src|test|processors|types)\//.test(line))
}

describe.each(['flight-delays', 'two-cities', 'wildlife-strikes'])('the exported %s', (sample) => {
  it('passes its own test and its own type check', { timeout: 60_000 }, async () => {
    const { out, files, commands } = await exportOf(path.join(checkout, 'pipelines', sample))
    expect(commands).toEqual(['npm install && npm test', 'npm start'])
    expect(files).toContain('src/topology.ts')
    linkRuntime(out)
    const test = spawnSync(process.execPath, ['--test', 'test/topology.test.ts'], {
      cwd: out,
      encoding: 'utf8',
    })
    expect({ status: test.status, output: test.status === 0 ? '' : test.stdout }).toEqual({
      status: 0,
      output: '',
    })
    expect(typeErrors(out)).toEqual([])
  })
})

it('the test of an exported project notices a topology that has been changed', {
  timeout: 60_000,
}, async () => {
  const { out } = await exportOf(path.join(checkout, 'pipelines/two-cities'))
  linkRuntime(out)
  const file = path.join(out, 'src/topology.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replace('value.margin > 0', 'value.margin > 1'))
  const test = spawnSync(process.execPath, ['--test', 'test/topology.test.ts'], {
    cwd: out,
    encoding: 'utf8',
  })
  expect(test.status).toBe(1)
  expect(test.stdout).toContain('gives what the pipeline gave when it was exported')
})

it('streams of different types are merged in code that the compiler takes', { timeout: 60_000 }, async () => {
  const topic = (name: string, valueType: string) => ['topic-source', { topic: name, valueType }] as const
  const functions: NodeConfig[] = [{ fn: 'sum', as: 'total', expr: 'value.n' }]
  const document = documentOf(
    {
      a: topic('a', '{ n: number; text: "}" }'),
      b: topic('b', '{ n: number; other: { deep: string } }'),
      both: ['merge'],
      kept: ['filter', { condition: "'text' in value || value.other.deep !== ''" }],
      sums: ['window-aggregate', { window: 'none', functions }],
      kinds: ['branch', { branches: [{ name: 'small', when: 'value.n < 3' }], rest: false }],
      out: ['topic-sink', { topic: 'out', partitioner: 'expression', partition: 'value.total % partitions' }],
      small: ['topic-sink', { topic: 'small' }],
    },
    [
      'a > both',
      'b > both',
      'both > kept',
      'a > sums',
      'kept > sums',
      'sums > out',
      'kept > kinds',
      'kinds:small > small',
    ],
  )
  const source = path.join(folder, 'mixed')
  mkdirSync(source)
  writeFileSync(path.join(source, 'pipeline.json'), printDocument(document))
  const { out } = await exportOf(source)
  linkRuntime(out)
  expect(typeErrors(out)).toEqual([])
  const test = spawnSync(process.execPath, ['--test', 'test/topology.test.ts'], {
    cwd: out,
    encoding: 'utf8',
  })
  expect(test.status).toBe(0)
})

it('the code reads as a person would write it', async () => {
  const { out } = await exportOf(path.join(checkout, 'pipelines/flight-delays'))
  const code = readFileSync(path.join(out, 'src/topology.ts'), 'utf8')
  expect(code).toContain(
    "const delayed = flights.filter(({ value }) => value.delay >= 15, { name: 'delayed' })",
  )
  expect(code).toContain(
    '    .windowedBy(tumbling({ sizeMs: 24 * 60 * 60 * 1000, graceMs: 60 * 60 * 1000 }))',
  )
  expect(code).toContain("import severityProcessor from '../processors/severity.ts'")
  expect(Math.max(...code.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
})

describe('an export is refused', () => {
  it('into a folder that is not empty, and writes nothing', async () => {
    mkdirSync(path.join(folder, 'project'))
    writeFileSync(path.join(folder, 'project/mine.txt'), 'mine')
    await expect(exportOf(path.join(checkout, 'pipelines/two-cities'))).rejects.toMatchObject({
      code: 'FOLDER_NOT_EMPTY',
    })
    expect(await environment.disk.list(path.join(folder, 'project'))).toEqual(['mine.txt'])
  })

  it('of a pipeline that cannot run', async () => {
    const broken = path.join(folder, 'broken')
    cpSync(path.join(checkout, 'pipelines/two-cities'), broken, { recursive: true })
    const file = path.join(broken, 'pipeline.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"data/seattle.csv"', '""'))
    await expect(exportOf(broken)).rejects.toMatchObject({ code: 'NOT_RUNNABLE', where: 'seattle' })
  })

  it.each(['true) }; process.exit(3); (() => { (1', 'true // */ \n\u2028 x'])(
    'with an expression that would be other code where it is put: %s',
    async (condition) => {
      const document = documentOf(
        {
          in: ['topic-source', { topic: 'in' }],
          f: ['filter', { condition }],
          out: ['topic-sink', { topic: 'out' }],
        },
        ['in > f', 'f > out'],
      )
      const source = path.join(folder, 'breakout')
      mkdirSync(source)
      writeFileSync(path.join(source, 'pipeline.json'), printDocument(document))
      await expect(exportOf(source)).rejects.toMatchObject({
        code: 'BAD_EXPRESSION',
        where: expect.stringMatching(/^f,/),
      })
      expect(existsSync(path.join(folder, 'project'))).toBe(false)
    },
  )
})

it('types that are too deep for the compiler keep a pipeline from being exported', async () => {
  const valueType = `${'{a:'.repeat(8000)}any${'}'.repeat(8000)}`
  const document = documentOf(
    { in: ['topic-source', { topic: 'in', valueType }], out: ['topic-sink', { topic: 'out' }] },
    ['in > out'],
  )
  const source = path.join(folder, 'deep')
  mkdirSync(source)
  writeFileSync(path.join(source, 'pipeline.json'), printDocument(document))
  await expect(exportOf(source)).rejects.toMatchObject({ code: 'NOT_RUNNABLE' })
})

it.each([
  ['_.x', 'x'],
  ['...', 'pipeline'],
  ['millrace', 'millrace-pipeline'],
  ['Flights', 'flights'],
])('the package of %s has a name that npm takes, and is not its own dependency: %s', async (id, name) => {
  const document = documentOf(
    { in: ['topic-source', { topic: 'in' }], out: ['topic-sink', { topic: 'out' }] },
    ['in > out'],
  )
  const source = path.join(folder, 'named')
  mkdirSync(source)
  writeFileSync(path.join(source, 'pipeline.json'), printDocument({ ...document, id }))
  const { out } = await exportOf(source)
  expect(JSON.parse(readFileSync(path.join(out, 'package.json'), 'utf8'))).toMatchObject({ name })
})
