import type { NodeConfig, PipelineDocument, PipelineNode } from '../../engine/pipeline/index.ts'

/** A document in short: nodes as `id: [kind, config]`, edges as `from[:port] > to[:port]`. */
export function documentOf(
  nodes: Readonly<Record<string, readonly [kind: string, config?: NodeConfig, more?: Partial<PipelineNode>]>>,
  edges: readonly string[] = [],
): PipelineDocument {
  return {
    version: 1,
    id: 'test',
    name: 'Test',
    nodes: Object.entries(nodes).map(([id, [kind, config = {}, more]], i) => ({
      id,
      kind,
      name: id,
      position: { x: i * 220, y: 0 },
      config,
      ...more,
    })),
    edges: edges.map((text, i) => {
      const [from = '', to = ''] = text.split(' > ')
      return { id: `e${i + 1}`, from: ref(from, 'out'), to: ref(to, 'in') }
    }),
  }
}

function ref(text: string, port: string) {
  const [node = '', named] = text.split(':')
  return { node, port: named ?? port }
}
