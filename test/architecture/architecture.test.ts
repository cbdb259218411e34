import { readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ambient, type Layer, layers, noAmbient, noBuffer } from './rules.ts'
import { ambientUses, checkout, importsOf, isTest, parse, sourceFiles } from './source-files.ts'

const files = sourceFiles().filter((file) => !isTest(file))
const sources = new Map(files.map((file) => [file, parse(file)]))

function matches(file: string, pattern: string): boolean {
  const wanted = pattern.split('/')
  const parts = file.split('/')
  return (
    wanted.length <= parts.length &&
    wanted.every((segment, index) => segment === '*' || segment === parts[index])
  )
}

/** The layer of the longest pattern that matches. */
function layerOf(file: string): Layer | undefined {
  return layers
    .filter((layer) => matches(file, layer.folder))
    .sort(
      (a, b) => b.folder.split('/').length - a.folder.split('/').length || b.folder.length - a.folder.length,
    )[0]
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return 'node:*'
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function importBreaches(
  file: string,
  layer: Layer,
  imports: readonly { text: string; line: number }[],
): string[] {
  const breaches: string[] = []
  for (const { text, line } of imports) {
    if (text.startsWith('.')) {
      const target = path.posix.normalize(
        path.posix.join(path.posix.dirname(file), text.replace(/\?.*$/, '')),
      )
      const allowed =
        matches(target, layer.folder) || layer.mayImport.some((pattern) => matches(target, pattern))
      if (!allowed)
        breaches.push(
          `${file}:${line} imports ${target}; ${layer.folder} may import: ${layer.mayImport.join(', ') || 'nothing'}`,
        )
    } else if (!(layer.packages ?? []).includes(packageOf(text))) {
      const instead = text.startsWith('node:')
        ? 'get it through the environment'
        : `packages allowed there: ${layer.packages?.join(', ') || 'none'}`
      breaches.push(`${file}:${line} imports the package ${packageOf(text)} (${text}): ${instead}`)
    }
  }
  return breaches
}

describe('the architecture', () => {
  it('has the top level that the design names, and nothing else', () => {
    const names = readdirSync(checkout).filter((name) => !name.startsWith('.') && name !== 'node_modules')
    expect(names.sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'biome.json',
        'electron',
        'engine',
        'package-lock.json',
        'package.json',
        'pipelines',
        'renderer',
        'test',
        'tsconfig.json',
      ].sort(),
    )
  })

  it('gives every source file in engine, renderer and electron a layer', () => {
    const homeless = files.filter((file) => /^(engine|renderer|electron)\//.test(file) && !layerOf(file))
    expect(homeless).toEqual([])
  })

  it('lets a file import only what the table allows its layer', () => {
    const breaches = [...sources].flatMap(([file, source]) => {
      const layer = layerOf(file)
      return layer ? importBreaches(file, layer, importsOf(source)) : []
    })
    expect(breaches).toEqual([])
  })

  it('keeps time, randomness, timers and I/O out of the engine, but for engine/node', () => {
    const breaches = [...sources].flatMap(([file, source]) => {
      const watched =
        noAmbient.inside.some((folder) => matches(file, folder)) &&
        !noAmbient.except.some((folder) => matches(file, folder))
      if (!watched) return []
      return ambientUses(source, Object.keys(ambient)).map(
        (use) => `${file}:${use.line} uses ${use.name}: use ${ambient[use.name]}`,
      )
    })
    expect(breaches).toEqual([])
  })

  it('keeps Buffer out of what the renderer loads', () => {
    const breaches = [...sources].flatMap(([file, source]) =>
      noBuffer.some((pattern) => matches(file, pattern))
        ? ambientUses(source, ['Buffer']).map((use) => `${file}:${use.line} uses Buffer: use Uint8Array`)
        : [],
    )
    expect(breaches).toEqual([])
  })
})

describe('the rules themselves', () => {
  const sample = (text: string) =>
    ts.createSourceFile('engine/log/sample.ts', text, ts.ScriptTarget.Latest, true)

  it('see each ambient name, and not a member or a local of the same name', () => {
    const bad = sample(
      'const a = Date.now(); const b = new Date(); setTimeout(f, 1); process.exit(); console.log(performance.now(), Math.random())',
    )
    expect(ambientUses(bad, Object.keys(ambient)).map((use) => use.name)).toEqual([
      'Date.now',
      'new Date',
      'setTimeout',
      'process',
      'console',
      'performance',
      'Math.random',
    ])
    const good = sample(
      'function f(process: Step) { process.run(); step.process(r); return new Date(5) } type T = { fetch(): void }',
    )
    expect(ambientUses(good, Object.keys(ambient))).toEqual([])
  })

  it('refuse an import upwards and a package that is not in the table', () => {
    const layer = layerOf('engine/log/sample.ts')!
    const breaches = importBreaches(
      'engine/log/sample.ts',
      layer,
      importsOf(
        sample(
          "import '../broker/x.ts'; import fs from 'node:fs'; export * from '../base/errors.ts'; import('zod')",
        ),
      ),
    )
    expect(breaches).toHaveLength(3)
  })
})
