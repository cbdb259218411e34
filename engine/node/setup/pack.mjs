// Packs the runtime as `.build/package/millrace.tgz`: what an exported project depends on.
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildFolder, checkout, modulesFolder } from './paths.mjs'

const entriesFolder = 'engine/node/package'
const workers = ['host', 'cluster-worker', 'runner', 'stream-thread', 'typing-worker']

/** @param {{ bundle: (options: object) => Promise<void>, command: (program: string, args: string[], options?: object) => Promise<void> }} tools */
export async function pack({ bundle, command }) {
  const target = path.join(buildFolder, 'package')
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  const entries = readdirSync(path.join(checkout, entriesFolder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => path.basename(name, '.ts'))
  await bundleCode(bundle, target, entries)
  await declarations(command, target)
  writeFileSync(path.join(target, 'package.json'), `${JSON.stringify(manifest(entries), null, 2)}\n`)
  for (const name of ['LICENSE', 'README.md']) cpSync(path.join(checkout, name), path.join(target, name))
  const npm = process.env.npm_execpath
  if (npm?.endsWith('.js')) await command(process.execPath, [npm, 'pack', '--silent'], { cwd: target })
  else await command('npm', ['pack', '--silent'], { cwd: target, shell: process.platform === 'win32' })
  const packed = readdirSync(target).find((name) => name.endsWith('.tgz'))
  renameSync(path.join(target, packed), path.join(target, 'millrace.tgz'))
}

async function bundleCode(bundle, target, entries) {
  await bundle({
    entryPoints: {
      ...Object.fromEntries(entries.map((name) => [name, `${entriesFolder}/${name}.ts`])),
      ...Object.fromEntries(workers.map((name) => [name, `engine/node/entry/${name}.ts`])),
      millrace: 'engine/node/command-line/main.ts',
    },
    outdir: path.join(target, 'dist'),
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: false,
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
    },
  })
}

/** Type declarations of what the entries export, and of all that they refer to. */
async function declarations(command, target) {
  const project = path.join(target, 'tsconfig.declarations.json')
  writeFileSync(
    project,
    JSON.stringify({
      extends: path.join(checkout, 'engine', 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rewriteRelativeImportExtensions: true,
        rootDir: path.join(checkout, 'engine'),
        outDir: path.join(target, 'types'),
        typeRoots: [path.join(modulesFolder, '@types')],
      },
      include: [path.join(checkout, entriesFolder, '*.ts')],
    }),
  )
  await command(process.execPath, [
    path.join(modulesFolder, 'typescript-native', 'bin', 'tsc'),
    '-p',
    project,
  ])
  rmSync(project)
}

function manifest(entries) {
  const own = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8'))
  const target = (name) => ({ types: `./types/node/package/${name}.d.ts`, default: `./dist/${name}.mjs` })
  return {
    name: own.name,
    version: own.version,
    description: own.description,
    license: own.license,
    type: 'module',
    engines: { node: '>=22.15' },
    bin: { millrace: './dist/millrace.mjs' },
    exports: Object.fromEntries(entries.map((name) => [name === 'index' ? '.' : `./${name}`, target(name)])),
    dependencies: own.dependencies,
    overrides: own.overrides,
  }
}
