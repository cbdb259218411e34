import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import config from '../../electron/builder.config.mjs'
import { readFuses, writeStandIn } from './stand-in.ts'

const run = promisify(execFile)
const checkout = path.resolve(import.meta.dirname, '../..')
const output = mkdtempSync(path.join(tmpdir(), 'millrace-desktop-'))
const unpacked = path.join(output, 'linux-unpacked')
const archive = path.join(unpacked, 'resources', 'app.asar')
let listed: string[] = []

beforeAll(async () => {
  const standIn = mkdtempSync(path.join(tmpdir(), 'millrace-electron-'))
  writeStandIn(standIn, config.electronVersion)
  const builder = path.join(checkout, 'node_modules/electron-builder/cli.js')
  await run(
    process.execPath,
    [
      builder,
      '--linux',
      'dir',
      '--x64',
      '--config',
      'electron/builder.config.mjs',
      `-c.directories.output=${output}`,
      '--publish',
      'never',
    ],
    {
      cwd: checkout,
      env: { ...process.env, ELECTRON_DIST: standIn },
    },
  )
  const { stdout } = await run(
    process.execPath,
    [path.join(checkout, 'node_modules/@electron/asar/bin/asar.js'), 'list', archive],
    { maxBuffer: 1 << 26 },
  )
  listed = stdout.split('\n').filter(Boolean)
}, 120_000)

describe('the packaged desktop app', () => {
  it('holds what the studio needs', () => {
    for (const needed of [
      '/.build/electron/main.cjs',
      '/.build/electron/preload.cjs',
      '/.build/engine/host.mjs',
      '/.build/renderer/index.html',
      '/.build/package/millrace.tgz',
      '/pipelines/flight-delays/pipeline.json',
      '/package.json',
    ]) {
      expect(listed, needed).toContain(needed)
    }
  })

  it('holds nothing else', () => {
    const allowed =
      /^\/(\.build(\/(electron|engine|renderer|package)(\/.*)?)?|pipelines(\/.*)?|node_modules(\/.*)?|package\.json)$/
    expect(listed.filter((name) => !allowed.test(name))).toEqual([])
    const packages = new Set(
      listed
        .map((name) => /^\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1])
        .filter((name) => name !== undefined && !name.startsWith('@') && !name.startsWith('.')),
    )
    for (const onlyForBuilding of [
      'react',
      'monaco-editor',
      'vite',
      'vitest',
      'electron',
      'playwright-core',
      'kafkajs',
    ])
      expect(packages).not.toContain(onlyForBuilding)
  })

  it('keeps native code and what other programs read outside the archive', () => {
    expect(existsSync(path.join(`${archive}.unpacked`, '.build/package/millrace.tgz'))).toBe(true)
    expect(
      existsSync(path.join(`${archive}.unpacked`, 'node_modules/lmdb/package.json')) ||
        existsSync(path.join(`${archive}.unpacked`, 'node_modules/@lmdb')),
    ).toBe(true)
  })

  it('has the fuses of a locked-down app', () => {
    const fuses = readFuses(readFileSync(path.join(unpacked, 'millrace')))
    // RunAsNode, cookie encryption, NodeOptions, NodeCliInspect, asar integrity, OnlyLoadAppFromAsar.
    expect([fuses[0], fuses[2], fuses[3], fuses[5]]).toEqual(['0', '0', '0', '1'])
  })
})
