import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { definitionOf } from '../parts/kinds.ts'
import { footerHeight, nodeWidth, shapeOf } from './geometry.ts'
import type { LayoutAnswer, LayoutRequest } from './layout-worker.ts'

/** Positions for all nodes of the document; room is left for the footers of a run. */
export function layOut(document: PipelineDocument): Promise<LayoutAnswer> {
  const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' })
  const request: LayoutRequest = {
    nodes: document.nodes.map((node) => ({
      id: node.id,
      width: nodeWidth,
      height: shapeOf(node, definitionOf(node.kind)).height + footerHeight,
    })),
    edges: document.edges.map((edge) => ({ from: edge.from.node, to: edge.to.node })),
  }
  return new Promise<LayoutAnswer>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<LayoutAnswer>) => resolve(event.data)
    worker.onerror = (event) => reject(new Error(event.message))
    worker.postMessage(request)
  }).finally(() => worker.terminate())
}
