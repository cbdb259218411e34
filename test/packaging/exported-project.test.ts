/** The flagship sample as its own project: what its README says to do, done with the Node and npm of the machine. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAdmin } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { startMillraceBroker } from '../interop/millrace-broker.ts'
import { alerts } from '../samples/expected.ts'

const checkout = path.resolve(import.meta.dirname, '../..')
const commandLine = path.join(checkout, '.build/engine/millrace.mjs')
const minuteMs = 60_000

/** Without the checkout's own Node, which a project elsewhere does not have. */
const pathOutside = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => !folder.startsWith(checkout))
  .join(path.delimiter)

interface Ended {
  readonly status: number | null
  readonly text: string
}

function ended(
  program: string,
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST)/i.test(name))
  const child = spawn(program, args, {
    cwd,
    env: { ...Object.fromEntries(own), PATH: pathOutside, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  let text = ''
  const read = (chunk: Buffer) => {
    text += chunk.toString()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, text })))
}

describe('the exported flagship', () => {
  let folder: string
  let out: string
  let exported: Ended

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-exported-'))
    out = path.join(folder, 'flight-delays')
    const sample = path.join(checkout, 'pipelines/flight-delays')
    const args = [commandLine, 'export', sample, '--target', 'node', '--out', out]
    exported = await ended(process.execPath, args, folder)
  }, minuteMs)

  afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))

  test('has what it needs, and says the two commands', async () => {
    expect(exported).toMatchObject({ status: 0 })
    expect(exported.text).toContain('npm install && npm test')
    expect(exported.text).toContain('npm start')
    expect(await readFile(path.join(out, 'README.md'), 'utf8')).toContain(
      '    npm install && npm test\n    npm start\n',
    )
    expect(await readdir(out)).toEqual(
      expect.arrayContaining(['README.md', 'data', 'package.json', 'processors', 'src', 'test', 'vendor']),
    )
  })

  test('names the Node that the checkout itself is run on', async () => {
    const bundled = async (file: string) =>
      (JSON.parse(await readFile(file, 'utf8')) as { optionalDependencies: object }).optionalDependencies
    expect(await bundled(path.join(out, 'package.json'))).toEqual(
      await bundled(path.join(checkout, 'package.json')),
    )
  })

  test('installs, and passes its own test and type check', { timeout: 4 * minuteMs }, async () => {
    expect(await ended('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], out)).toMatchObject(
      {
        status: 0,
      },
    )
    expect(await ended('npm', ['test'], out)).toMatchObject({
      status: 0,
      text: expect.stringMatching(/# pass 2|pass 2/),
    })
    expect(await ended('npm', ['run', 'check'], out)).toMatchObject({ status: 0 })
  })

  test('runs on the embedded cluster', { timeout: 2 * minuteMs }, async () => {
    expect(existsSync(path.join(out, 'node_modules'))).toBe(true)
    const { status, text } = await ended('npm', ['start', '--', '--fast', '--until-idle'], out)
    expect(text).toContain(`alerts: ${alerts().length} in`)
    expect(status).toBe(0)
  })

  test('runs on the brokers that KAFKA_BOOTSTRAP_SERVERS names', { timeout: 2 * minuteMs }, async () => {
    expect(existsSync(path.join(out, 'node_modules'))).toBe(true)
    const broker = await startMillraceBroker({ brokers: 3 })
    try {
      const { status, text } = await ended('npm', ['start', '--', '--fast', '--until-idle'], out, {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      })
      expect({ status, text }).toMatchObject({ status: 0 })
      expect(await recordsIn('alerts', broker.bootstrap)).toBe(alerts().length)
    } finally {
      await broker.stop()
    }
  })
})

async function recordsIn(topic: string, bootstrap: string): Promise<number> {
  const environment = createNodeEnvironment({ log: { write: () => undefined } })
  const admin = createAdmin(environment, { bootstrap: bootstrap.split(',') })
  try {
    const [description] = await admin.describeTopics([topic])
    const ends = await admin.listOffsets(
      description!.partitions.map(({ partition }) => ({ topic, partition, spec: 'latest' as const })),
    )
    return ends.reduce((sum, { offset }) => sum + offset, 0)
  } finally {
    await admin.close()
  }
}
