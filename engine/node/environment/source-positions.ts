import { SourceMap } from 'node:module'
import type { CodePlace } from '../../environment/index.ts'

export interface SourcePositions {
  remember(bundleName: string, sourceMap: string): void
  locate(error: unknown): CodePlace | undefined
}

/** `at name (file:line:column)` and `at file:line:column`. */
const framePattern = /\(?([^\s()][^()]*):(\d+):(\d+)\)?$/

export function createSourcePositions(): SourcePositions {
  const maps = new Map<string, SourceMap | string>()
  return {
    remember: (bundleName, sourceMap) => void maps.set(bundleName, sourceMap),
    locate(error) {
      if (!(error instanceof Error) || error.stack === undefined) return undefined
      for (const line of error.stack.split('\n')) {
        const trimmed = line.trim()
        if (!trimmed.startsWith('at ')) continue
        const match = framePattern.exec(trimmed.slice(3))
        const map = match ? parsed(maps, match[1]!.replace(/^.*\(/, '')) : undefined
        const place = map && originalPlace(map, Number(match![2]), Number(match![3]))
        if (place) return place
      }
      return undefined
    },
  }
}

/** Maps are parsed at the first error: most bundles never throw. */
function parsed(maps: Map<string, SourceMap | string>, name: string): SourceMap | undefined {
  const kept = maps.get(name)
  if (typeof kept !== 'string') return kept
  const map = parseSourceMap(kept)
  maps.set(name, map)
  return map
}

export function parseSourceMap(text: string): SourceMap {
  return new SourceMap(JSON.parse(text))
}

/** Line and column count from 1, both ways. */
export function originalPlace(map: SourceMap, line: number, column: number): CodePlace | undefined {
  const entry = map.findEntry(line - 1, column - 1)
  if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined
  return { path: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
}
