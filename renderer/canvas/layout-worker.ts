/** Auto-layout off the main thread: left to right, as the records go. */
import { graphlib, layout } from '@dagrejs/dagre'

export interface LayoutRequest {
  readonly nodes: readonly { readonly id: string; readonly width: number; readonly height: number }[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

export type LayoutAnswer = readonly { readonly id: string; readonly x: number; readonly y: number }[]

/** What positions are rounded to. */
const grid = 8

self.onmessage = (event: MessageEvent<LayoutRequest>) => {
  const graph = new graphlib.Graph({ multigraph: false })
  graph.setGraph({ rankdir: 'LR', nodesep: 40, ranksep: 56, marginx: 24, marginy: 24 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id, width, height } of event.data.nodes) graph.setNode(id, { width, height })
  for (const { from, to } of event.data.edges) graph.setEdge(from, to)
  layout(graph)
  const answer: LayoutAnswer = event.data.nodes.map(({ id, width, height }) => {
    const placed = graph.node(id)
    return {
      id,
      x: Math.round(((placed.x ?? 0) - width / 2) / grid) * grid,
      y: Math.round(((placed.y ?? 0) - height / 2) / grid) * grid,
    }
  })
  self.postMessage(answer)
}
