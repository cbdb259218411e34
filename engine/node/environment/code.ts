import { createRequire, isBuiltin } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import { compileFunction } from 'node:vm'
import { build, type Message, transform } from 'esbuild'
import { MillraceError } from '../../base/errors.ts'
import type { BundledCode, CodeLoader, CodeProblem } from '../../environment/index.ts'
import { compileExpression } from './expressions.ts'
import { createSourcePositions } from './source-positions.ts'

/** Loaded bundles appear in stack traces under their entry's path with this ending. */
const bundleSuffix = '.bundle.js'

export function createCodeLoader(): CodeLoader {
  const positions = createSourcePositions()
  const expressions = new Map<string, (...values: unknown[]) => unknown>()
  return {
    bundle,
    async warmUp() {
      await transform('')
    },
    load(code, provided) {
      const name = `${code.entryPath}${bundleSuffix}`
      positions.remember(name, code.sourceMap)
      return evaluate(name, code, provided)
    },
    locate: (error) => positions.locate(error),
    expression(text, parameterNames) {
      const cacheKey = `${parameterNames.join(',')}\n${text}`
      const known = expressions.get(cacheKey)
      if (known) return known
      const compiled = compileExpression(text, parameterNames)
      expressions.set(cacheKey, compiled)
      return compiled
    },
  }
}

async function bundle(entryPath: string): Promise<BundledCode> {
  const folder = dirname(entryPath)
  try {
    const result = await build({
      entryPoints: [entryPath],
      absWorkingDir: folder,
      outfile: join(folder, `entry${bundleSuffix}`),
      write: false,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node24',
      external: ['millrace', 'millrace/*'],
      sourcemap: 'external',
      sourcesContent: false,
      keepNames: true,
      legalComments: 'none',
      logLevel: 'silent',
      tsconfigRaw: '{}',
    })
    const ending = (suffix: string) =>
      result.outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? ''
    const sourceMap = absoluteSources(ending('.js.map'), folder)
    return { entryPath, text: ending('.js'), sourceMap, problems: [] }
  } catch (thrown) {
    const messages = buildErrors(thrown)
    if (messages === undefined) throw MillraceError.from(thrown, { where: entryPath })
    return {
      entryPath,
      text: '',
      sourceMap: '',
      problems: messages.map((message) => problem(message, entryPath)),
    }
  }
}

function absoluteSources(mapText: string, folder: string): string {
  const map: { sources: string[] } = JSON.parse(mapText)
  map.sources = map.sources.map((source) => (isAbsolute(source) ? source : join(folder, source)))
  return JSON.stringify(map)
}

function buildErrors(thrown: unknown): Message[] | undefined {
  if (!(thrown instanceof Error) || !('errors' in thrown) || !Array.isArray(thrown.errors)) return undefined
  return thrown.errors
}

function problem(message: Message, entryPath: string): CodeProblem {
  const place = message.location
  if (!place) return { path: entryPath, line: 1, column: 1, text: message.text }
  const path = isAbsolute(place.file) ? place.file : join(dirname(entryPath), place.file)
  return { path, line: place.line, column: place.column + 1, text: message.text }
}

function evaluate(
  name: string,
  code: BundledCode,
  provided: Readonly<Record<string, object>>,
): Record<string, unknown> {
  const first = code.problems[0]
  if (first) {
    throw new MillraceError({
      code: 'CODE_HAS_ERRORS',
      what: first.text,
      where: `${first.path}:${first.line}:${first.column}`,
      remedy: 'correct the file',
    })
  }
  // The map goes along, so that a debugger paused in this code can tell the line in the user's file.
  const inlineMap = `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(code.sourceMap).toString('base64')}`
  const run = compileFunction(code.text + inlineMap, ['module', 'exports', 'require'], { filename: name })
  const module: { exports: Record<string, unknown> } = { exports: {} }
  run(module, module.exports, requireFor(code.entryPath, provided))
  return module.exports
}

function requireFor(
  entryPath: string,
  provided: Readonly<Record<string, object>>,
): (name: string) => unknown {
  const builtins = createRequire(entryPath)
  return (name) => {
    if (Object.hasOwn(provided, name)) return provided[name]
    if (isBuiltin(name)) return builtins(name)
    throw new MillraceError({
      code: 'MODULE_NOT_PROVIDED',
      what: `the module "${name}" can't be imported here`,
      where: entryPath,
      remedy: `import one of: ${Object.keys(provided).join(', ') || 'files of the same folder'}`,
    })
  }
}
