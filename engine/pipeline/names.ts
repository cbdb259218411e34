/** Ids and names for what is new. All pure: the same document gives the same ones. */
import type { PipelineDocument } from './document.ts'
import { toId } from './parse.ts'

/** A free id from a text: `delay-by-airport`, then `delay-by-airport-2`. */
export function newNodeId(
  document: PipelineDocument,
  text: string,
  taken: ReadonlySet<string> = new Set(),
): string {
  const ids = new Set([...document.nodes.map((node) => node.id), ...taken])
  return firstFree(toId(text, 'node'), (candidate) => ids.has(candidate), '-')
}

/** A free name: `Filter`, then `Filter 2`. */
export function newNodeName(
  document: PipelineDocument,
  title: string,
  taken: ReadonlySet<string> = new Set(),
): string {
  const names = new Set([...document.nodes.map((node) => node.name), ...taken])
  return firstFree(title, (candidate) => names.has(candidate), ' ')
}

/** `e1`, `e2`, …: the next after the highest in use, so that an id is not soon used again. */
export function newEdgeIds(document: PipelineDocument, count: number): string[] {
  const numbers = document.edges.map((edge) => Number(/^e(\d+)$/.exec(edge.id)?.[1] ?? 0))
  const last = Math.max(0, ...numbers)
  return Array.from({ length: count }, (_, index) => `e${last + 1 + index}`)
}

/** A processor's file that no other node uses: `processors/severity.ts`. */
export function newProcessorPath(
  document: PipelineDocument,
  name: string,
  others: readonly string[],
): string {
  const used = new Set(others)
  for (const node of document.nodes) {
    for (const value of Object.values(node.config)) if (typeof value === 'string') used.add(value)
  }
  const base = toId(name, 'processor')
  return `processors/${firstFree(base, (candidate) => used.has(`processors/${candidate}.ts`), '-')}.ts`
}

function firstFree(base: string, taken: (candidate: string) => boolean, separator: string): string {
  if (!taken(base)) return base
  for (let number = 2; ; number++) {
    const candidate = `${base}${separator}${number}`
    if (!taken(candidate)) return candidate
  }
}
