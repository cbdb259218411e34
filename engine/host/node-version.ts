import type { PipelineDocument } from '../pipeline/document.ts'

/**
 * By node, a short hash of all that matters to how it runs: kind, configuration, its code, what is wired into it; not its
 * place, name or note. The window compares them with those of the run to mark what has changed since.
 */
export function nodeVersions(
  document: PipelineDocument,
  files: readonly { readonly path: string; readonly text: string }[],
): Record<string, string> {
  const versions: Record<string, string> = {}
  for (const node of document.nodes) {
    const code = files.filter((file) => isNamedIn(node.config, file.path)).map((file) => file.text)
    const wires = document.edges
      .filter((edge) => edge.to.node === node.id)
      .map((edge) => `${edge.from.node}.${edge.from.port}>${edge.to.port}`)
      .sort()
    const facts = [
      node.kind,
      sortedConfig(node.config),
      node.bypass ?? false,
      node.onError ?? 'fail',
      wires,
      code,
    ]
    versions[node.id] = hash(JSON.stringify(facts))
  }
  return versions
}

function isNamedIn(config: object, path: string): boolean {
  return Object.values(config).some((value) => value === path || value === `./${path}`)
}

/** Forms may set fields in any order. */
function sortedConfig(config: object): [string, unknown][] {
  return Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hash(text: string): string {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return (value >>> 0).toString(16).padStart(8, '0')
}
