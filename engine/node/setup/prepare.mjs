// Makes a fresh checkout able to run anything: dependencies installed, this process on the bundled Node.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { follow } from './children.mjs'
import { checkout, modulesFolder, nodeMajor } from './paths.mjs'
import { readStamp, writeStamp } from './stamps.mjs'

/** Ends with exit status 2 and one line, as the command line does. */
export function fail(code, what, remedy) {
  process.stderr.write(`error ${code}: ${what}: ${remedy}\n`)
  process.exit(2)
}

/** `npm ci`, unless what the lock file asks for is installed already. */
export function ensureDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(checkout, 'package-lock.json')))
    .digest('hex')
  if (readStamp('dependencies')?.lock === lock && existsSync(modulesFolder)) return
  process.stderr.write('Installing dependencies (npm ci), once; this takes about a minute …\n')
  const npm = process.env.npm_execpath
  const result = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, 'ci', '--no-progress', '--loglevel=error'], {
        cwd: checkout,
        stdio: ['ignore', 2, 2],
      })
    : spawnSync(
        process.platform === 'win32' ? 'npm.cmd' : 'npm',
        ['ci', '--no-progress', '--loglevel=error'],
        {
          cwd: checkout,
          stdio: ['ignore', 2, 2],
          shell: process.platform === 'win32',
        },
      )
  if (result.status !== 0)
    fail('INSTALL_FAILED', 'npm ci did not succeed', 'read its message above, mend it and start again')
  writeStamp('dependencies', { lock })
}

/** Where the bundled Node lies, if the registry has one for this platform. */
export function bundledNode() {
  const name = path.join(
    modulesFolder,
    `node-${platformName()}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  return existsSync(name) ? name : undefined
}

function platformName() {
  return process.platform === 'win32' ? 'win' : process.platform
}

/**
 * Returns when this process runs on Node 24 or newer; otherwise runs the same script again on the bundled one and ends
 * with its exit status.
 */
export async function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) >= nodeMajor) return
  const node = bundledNode()
  if (!node) {
    fail(
      'NODE_TOO_OLD',
      `Node ${process.versions.node} is too old and the registry has no bundled Node for ${process.platform}-${process.arch}`,
      `install Node ${nodeMajor} or newer and start again`,
    )
  }
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` },
  })
  process.exit(await follow(child))
}

/** All of it. Await first in every entry of this folder. */
export async function prepare() {
  ensureDependencies()
  await ensureNode()
  const bin = path.join(modulesFolder, '.bin')
  process.env.PATH = `${bin}${path.delimiter}${process.env.PATH ?? ''}`
}
