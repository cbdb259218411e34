// Builds what is stale into `.build/`: the engine's entry points, the Electron shell, the renderer, the package.
import { spawn } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { buildFolder, checkout, modulesFolder } from './paths.mjs'
import { fingerprint, readStamp, writeStamp } from './stamps.mjs'

const engineEntries = {
  millrace: 'engine/node/command-line/main.ts',
  host: 'engine/node/entry/host.ts',
  'cluster-worker': 'engine/node/entry/cluster-worker.ts',
  runner: 'engine/node/entry/runner.ts',
  'stream-thread': 'engine/node/entry/stream-thread.ts',
  'typing-worker': 'engine/node/entry/typing-worker.ts',
}
const electronEntries = { main: 'electron/main.ts', preload: 'electron/preload.ts' }

/** Native packages and those with data files of their own stay outside the bundles. */
const external = [
  'lmdb',
  'snappy',
  'lz4-napi',
  '@node-rs/crc32',
  'esbuild',
  'typescript',
  'electron',
  'bufferutil',
  'utf-8-validate',
]

const isNotSource = (place) => place.endsWith('.test.ts') || place.endsWith('tsconfig.json')

const parts = [
  { name: 'engine', sources: ['engine', 'package.json'], output: 'engine/millrace.mjs', make: buildEngine },
  {
    name: 'electron',
    sources: ['electron', 'engine/host', 'engine/base'],
    output: 'electron/main.cjs',
    make: buildElectron,
  },
  {
    name: 'renderer',
    sources: ['renderer', 'engine/host', 'engine/base', 'engine/pipeline', 'engine/nodes'],
    output: 'renderer/index.html',
    make: buildRenderer,
  },
  {
    name: 'package',
    sources: ['engine', 'package.json', 'README.md', 'LICENSE'],
    output: 'package/millrace.tgz',
    make: buildPackage,
  },
]

/** Builds the named parts, or all, where their sources have changed since. @param {string[]} [only] */
export async function build(only) {
  for (const part of parts) {
    if (only && !only.includes(part.name)) continue
    const print = fingerprint(
      [...part.sources, 'package-lock.json', 'engine/node/setup'].map((place) => path.join(checkout, place)),
      isNotSource,
    )
    if (readStamp(`build-${part.name}`)?.print === print && existsSync(path.join(buildFolder, part.output)))
      continue
    const startedMs = Date.now()
    await part.make()
    writeStamp(`build-${part.name}`, { print })
    process.stderr.write(`built ${part.name} in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`)
  }
}

async function bundle(options) {
  const esbuild = await import('esbuild')
  await esbuild.build({
    absWorkingDir: checkout,
    bundle: true,
    platform: 'node',
    target: 'node24',
    sourcemap: true,
    external,
    logLevel: 'warning',
    ...options,
  })
}

async function buildEngine() {
  await bundle({
    entryPoints: engineEntries,
    outdir: path.join(buildFolder, 'engine'),
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    // CommonJS packages inside an ES module bundle still call `require`.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
  })
}

async function buildElectron() {
  await bundle({
    entryPoints: electronEntries,
    outdir: path.join(buildFolder, 'electron'),
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
  })
}

/** Beside the last one, and then in its place: a studio that runs goes on serving what it has. */
async function buildRenderer() {
  const made = path.join(buildFolder, 'renderer.new')
  await command(process.execPath, [
    path.join(modulesFolder, 'vite', 'bin', 'vite.js'),
    'build',
    '--config',
    'renderer/vite.config.ts',
    '--logLevel',
    'warn',
    '--outDir',
    made,
    '--emptyOutDir',
  ])
  const place = path.join(buildFolder, 'renderer')
  rmSync(place, { recursive: true, force: true })
  renameSync(made, place)
}

async function buildPackage() {
  const { pack } = await import('./pack.mjs')
  await pack({ bundle, command })
}

function command(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: checkout, stdio: ['ignore', 2, 2], ...options })
    child.on('error', reject)
    child.on('close', (status) =>
      status === 0
        ? resolve()
        : reject(new Error(`${path.basename(args[0] ?? program)} ended with status ${status}`)),
    )
  })
}
