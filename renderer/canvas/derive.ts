/** React Flow's nodes and edges out of the document. An element whose inputs did not change is the same object as before. */
import type { Edge, Node } from '@xyflow/react'
import type { NodeDefinition } from '../../engine/pipeline/definition.ts'
import type { PipelineDocument, PipelineEdge, PipelineNode } from '../../engine/pipeline/document.ts'
import type { Problem } from '../../engine/pipeline/problem.ts'
import { definitionOf } from '../parts/kinds.ts'
import { footerHeight, handleId, handlesOf, type NodeShape, nodeWidth, shapeOf } from './geometry.ts'

export interface NodeState {
  readonly errors: number
  readonly changed: boolean
  readonly restricted: boolean
}

export interface CanvasNodeData extends Record<string, unknown> {
  readonly node: PipelineNode
  readonly definition: NodeDefinition | undefined
  readonly shape: NodeShape
  readonly state: NodeState
  readonly running: boolean
  readonly height: number
}

export interface CanvasEdgeData extends Record<string, unknown> {
  readonly table: boolean
  readonly broken: boolean
  readonly running: boolean
  readonly spliceTarget: boolean
}

export type CanvasNode = Node<CanvasNodeData, 'pipeline'>
export type CanvasEdge = Edge<CanvasEdgeData, 'pipeline'>

interface View {
  readonly document: PipelineDocument
  readonly problems: readonly Problem[]
  readonly running: boolean
}

interface NodesView extends View {
  readonly selectedNodes: ReadonlySet<string>
  /** Where nodes are while they are being dragged. */
  readonly dragged: ReadonlyMap<string, { readonly x: number; readonly y: number }>
  readonly changed: ReadonlySet<string>
  readonly restricted: boolean
  /** The node that ended the last run. */
  readonly failed: string | undefined
}

interface EdgesView extends View {
  readonly selectedEdges: ReadonlySet<string>
  readonly splice: string | undefined
}

interface Made<Source, Element> {
  readonly key: string
  readonly source: Source
  readonly made: Element
}

type MadeNodes = Map<string, Made<PipelineNode, CanvasNode>>
type MadeEdges = Map<string, Made<PipelineEdge, CanvasEdge>>

/** Keeps the last derivation, to give the same objects again. */
export class Derivation {
  #nodes: MadeNodes = new Map()
  #edges: MadeEdges = new Map()

  nodes(view: NodesView): CanvasNode[] {
    const errors = countErrors(view.problems)
    const next: MadeNodes = new Map()
    const made = view.document.nodes.map((node) => {
      const position = view.dragged.get(node.id) ?? node.position
      const state: NodeState = {
        errors: (errors.get(node.id) ?? 0) + (view.failed === node.id ? 1 : 0),
        changed: view.changed.has(node.id),
        restricted: view.restricted,
      }
      const selected = view.selectedNodes.has(node.id)
      const key = `${position.x},${position.y},${selected},${view.running},${state.errors},${state.changed},${state.restricted}`
      const known = this.#nodes.get(node.id)
      const entry =
        known?.source === node && known.key === key
          ? known
          : { key, source: node, made: makeNode(node, position, selected, view.running, state) }
      next.set(node.id, entry)
      return entry.made
    })
    this.#nodes = next
    return made
  }

  edges(view: EdgesView): CanvasEdge[] {
    const broken = new Set(
      view.problems.filter((problem) => problem.severity === 'error').map((problem) => problem.edge),
    )
    const tables = tablePorts(view.document)
    const next: MadeEdges = new Map()
    const made = view.document.edges.map((edge) => {
      const data: CanvasEdgeData = {
        table: tables.has(`${edge.from.node}/${edge.from.port}`),
        broken: broken.has(edge.id),
        running: view.running,
        spliceTarget: view.splice === edge.id,
      }
      const selected = view.selectedEdges.has(edge.id)
      const key = `${selected},${data.table},${data.broken},${data.running},${data.spliceTarget}`
      const known = this.#edges.get(edge.id)
      const entry =
        known?.source === edge && known.key === key
          ? known
          : { key, source: edge, made: makeEdge(edge, selected, data) }
      next.set(edge.id, entry)
      return entry.made
    })
    this.#edges = next
    return made
  }
}

function makeNode(
  node: PipelineNode,
  position: { readonly x: number; readonly y: number },
  selected: boolean,
  running: boolean,
  state: NodeState,
): CanvasNode {
  const definition = definitionOf(node.kind)
  const shape = shapeOf(node, definition)
  const height = shape.height + (running ? footerHeight : 0)
  return {
    id: node.id,
    type: 'pipeline',
    position: { x: position.x, y: position.y },
    selected,
    width: nodeWidth,
    height,
    measured: { width: nodeWidth, height },
    handles: handlesOf(shape),
    ariaLabel: `${node.name}, ${definition?.title ?? node.kind}${state.errors ? `, ${state.errors} problems` : ''}`,
    data: { node, definition, shape, state, running, height },
  }
}

function makeEdge(edge: PipelineEdge, selected: boolean, data: CanvasEdgeData): CanvasEdge {
  return {
    id: edge.id,
    type: 'pipeline',
    source: edge.from.node,
    sourceHandle: handleId('out', edge.from.port),
    target: edge.to.node,
    targetHandle: handleId('in', edge.to.port),
    selected,
    data,
    ariaLabel: `Edge from ${edge.from.node} to ${edge.to.node}`,
  }
}

function countErrors(problems: readonly Problem[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const problem of problems) {
    if (problem.node && problem.severity === 'error')
      counts.set(problem.node, (counts.get(problem.node) ?? 0) + 1)
  }
  return counts
}

/** Outputs that carry a table: their edges are dotted, since what flows there are updates of a state. */
function tablePorts(document: PipelineDocument): Set<string> {
  const found = new Set<string>()
  for (const node of document.nodes) {
    for (const port of shapeOf(node, definitionOf(node.kind)).ports) {
      if (port.side === 'out' && port.type === 'table') found.add(`${node.id}/${port.name}`)
    }
  }
  return found
}
