/** The flagship sample as its own project: what its README says to do, done with the Node and npm of the machine. */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMillraceBroker } from '../interop/millrace-broker.ts'
import { type Alert, alerts } from '../samples/expected.ts'
import { checkout, type Ended, ended, exportSample, minuteMs, valuesIn } from './exported.ts'

/** What happened, without how often it was told: a broker that falls behind on a busy machine makes the runtime repeat itself. */
function distinct(told: readonly unknown[]): string[] {
  const flights = told.map((value) => {
    const { origin, destination, city, delay } = value as Alert
    return JSON.stringify([origin, destination, city, delay])
  })
  return [...new Set(flights)].sort()
}

describe('the exported flagship', () => {
  let folder: string
  let out: string
  let exported: Ended

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'millrace-exported-'))
    out = path.join(folder, 'flight-delays')
    exported = await exportSample('flight-delays', out)
  }, 3 * minuteMs)

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

  test('installs, and passes its own test and type check', { timeout: 8 * minuteMs }, async () => {
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

  test('runs on the embedded cluster', { timeout: 5 * minuteMs }, async () => {
    expect(existsSync(path.join(out, 'node_modules'))).toBe(true)
    const { status, text } = await ended('npm', ['start', '--', '--fast', '--until-idle'], out)
    expect(Number(/^alerts: (\d+) in/m.exec(text)?.[1])).toBeGreaterThanOrEqual(alerts().length)
    expect(status).toBe(0)
  })

  test('runs on the brokers that KAFKA_BOOTSTRAP_SERVERS names', { timeout: 5 * minuteMs }, async () => {
    expect(existsSync(path.join(out, 'node_modules'))).toBe(true)
    const broker = await startMillraceBroker({ brokers: 3 })
    try {
      const { status, text } = await ended('npm', ['start', '--', '--fast', '--until-idle'], out, {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
      })
      expect({ status, text }).toMatchObject({ status: 0 })
      expect(distinct(await valuesIn('alerts', broker.bootstrap))).toEqual(distinct(alerts()))
    } finally {
      await broker.stop()
    }
  })
})
