// Writes the two lists of node kinds from the folders under engine/nodes: `node engine/node/setup/generate-nodes.mjs`.
// With --check it writes nothing and fails when a list is stale. Runs on any Node from 20, without dependencies.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const nodesFolder = fileURLToPath(new URL('../../nodes/', import.meta.url))

/** The texts of both lists, by file name. */
export function nodeLists(folder = nodesFolder) {
  const kinds = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'definition.ts')))
    .map((entry) => entry.name)
    .sort()
  const withRuntime = new Set(kinds.filter((kind) => existsSync(join(folder, kind, 'runtime.ts'))))
  return { 'definitions.ts': definitionsText(kinds), 'kinds.ts': kindsText(kinds, withRuntime) }
}

const header = '// Generated from the folders beside this file by `npm run generate:nodes`. Do not edit.\n'

function definitionsText(kinds) {
  const imports = kinds.map(
    (kind) => `import { definition as ${camel(kind)} } from './${kind}/definition.ts'\n`,
  )
  return `${header}import { definitionsByKind, type NodeDefinition, paletteOrder } from '../pipeline/index.ts'
${imports.join('')}
/** In the palette's order. */
export const definitions: readonly NodeDefinition[] = paletteOrder([
${kinds.map((kind) => `  ${camel(kind)},\n`).join('')}])

export const nodeDefinitions = definitionsByKind(definitions)
`
}

function kindsText(kinds, withRuntime) {
  const imports = kinds.map((kind) => [
    `./${kind}/`,
    [
      `import { compile as ${camel(kind)}Compile } from './${kind}/compile.ts'\n`,
      `import { definition as ${camel(kind)} } from './${kind}/definition.ts'\n`,
      withRuntime.has(kind)
        ? `import { runtime as ${camel(kind)}Runtime } from './${kind}/runtime.ts'\n`
        : '',
    ].join(''),
  ])
  imports.push(['./kind.ts', "import { kindsByName, type NodeKind } from './kind.ts'\n"])
  imports.sort(([a], [b]) => (a < b ? -1 : 1))
  const entries = kinds.map((kind) => {
    const runtime = withRuntime.has(kind) ? `, runtime: ${camel(kind)}Runtime` : ''
    return `  { definition: ${camel(kind)}, compile: ${camel(kind)}Compile${runtime} },\n`
  })
  return `${header}${imports.map(([, lines]) => lines).join('')}
export const kinds: readonly NodeKind[] = [
${entries.join('')}]

export const nodeKinds = kindsByName(kinds)
`
}

function camel(kind) {
  return kind.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())
}

function main() {
  const check = process.argv.includes('--check')
  const stale = Object.entries(nodeLists()).filter(([name, text]) => {
    const path = join(nodesFolder, name)
    return !existsSync(path) || readFileSync(path, 'utf8') !== text
  })
  if (check && stale.length > 0) {
    const names = stale.map(([name]) => `engine/nodes/${name}`).join(', ')
    process.stderr.write(`error NODE_LISTS_STALE: ${names}: run npm run generate:nodes\n`)
    process.exitCode = 1
    return
  }
  for (const [name, text] of check ? [] : stale) writeFileSync(join(nodesFolder, name), text)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
