/** Questions about the document's graph. */
import { configWithDefaults, type Definitions } from './config.ts'
import type { PortSpec, PortType } from './definition.ts'
import type { NodeConfig, PipelineDocument, PipelineEdge, PipelineNode, PortRef } from './document.ts'

export function findNode(document: PipelineDocument, id: string): PipelineNode | undefined {
  return document.nodes.find((node) => node.id === id)
}

export interface NodePorts {
  readonly config: NodeConfig
  readonly inputs: readonly PortSpec[]
  readonly outputs: readonly PortSpec[]
}

/** The node's ports as it is configured; undefined when its kind is not known. */
export function portsOf(definitions: Definitions, node: PipelineNode): NodePorts | undefined {
  const definition = definitions.get(node.kind)
  if (!definition) return undefined
  const config = configWithDefaults(definition, node.config)
  return { config, ...definition.ports(config) }
}

export function inputPort(
  document: PipelineDocument,
  definitions: Definitions,
  ref: PortRef,
): PortSpec | undefined {
  const node = findNode(document, ref.node)
  return node && portsOf(definitions, node)?.inputs.find((port) => port.name === ref.port)
}

export function outputPort(
  document: PipelineDocument,
  definitions: Definitions,
  ref: PortRef,
): PortSpec | undefined {
  const node = findNode(document, ref.node)
  return node && portsOf(definitions, node)?.outputs.find((port) => port.name === ref.port)
}

export function takes(input: PortSpec, type: PortType): boolean {
  return input.type === type || (input.alsoTakes?.includes(type) ?? false)
}

export function edgesInto(document: PipelineDocument, node: string, port?: string): PipelineEdge[] {
  return document.edges.filter(
    (edge) => edge.to.node === node && (port === undefined || edge.to.port === port),
  )
}

export function edgesOutOf(document: PipelineDocument, node: string, port?: string): PipelineEdge[] {
  return document.edges.filter(
    (edge) => edge.from.node === node && (port === undefined || edge.from.port === port),
  )
}

/** The nodes, and all that can be reached from them; they themselves included. */
export function downstream(document: PipelineDocument, from: Iterable<string>): Set<string> {
  return reach(from, (id) => edgesOutOf(document, id).map((edge) => edge.to.node))
}

export function upstream(document: PipelineDocument, from: Iterable<string>): Set<string> {
  return reach(from, (id) => edgesInto(document, id).map((edge) => edge.from.node))
}

function reach(from: Iterable<string>, next: (id: string) => string[]): Set<string> {
  const seen = new Set(from)
  const waiting = [...seen]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const neighbour of next(id)) {
      if (seen.has(neighbour)) continue
      seen.add(neighbour)
      waiting.push(neighbour)
    }
  }
  return seen
}

export interface Order {
  /** Each node after those before it; by document order where the edges leave a choice. */
  readonly sorted: readonly PipelineNode[]
  /** Nodes on or behind a cycle, in document order. */
  readonly cyclic: readonly PipelineNode[]
}

export function topologicalOrder(document: PipelineDocument): Order {
  const incoming = new Map(document.nodes.map((node) => [node.id, 0]))
  const edges = document.edges.filter((edge) => incoming.has(edge.from.node) && incoming.has(edge.to.node))
  for (const edge of edges) incoming.set(edge.to.node, incoming.get(edge.to.node)! + 1)
  const sorted: PipelineNode[] = []
  let rest = [...document.nodes]
  for (;;) {
    const next = rest.find((node) => incoming.get(node.id) === 0)
    if (!next) return { sorted, cyclic: rest }
    sorted.push(next)
    rest = rest.filter((node) => node !== next)
    for (const edge of edges) {
      if (edge.from.node === next.id) incoming.set(edge.to.node, incoming.get(edge.to.node)! - 1)
    }
  }
}

/** The nodes of one cycle in the order of its edges, or undefined. */
export function findCycle(document: PipelineDocument): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (id: string): string[] | undefined => {
    state.set(id, 'open')
    path.push(id)
    for (const { to } of edgesOutOf(document, id)) {
      if (state.get(to.node) === 'open') return path.slice(path.indexOf(to.node))
      const found = state.has(to.node) ? undefined : visit(to.node)
      if (found) return found
    }
    path.pop()
    state.set(id, 'done')
    return undefined
  }
  for (const { id } of document.nodes) {
    const found = state.has(id) ? undefined : visit(id)
    if (found) return found
  }
  return undefined
}

/**
 * What a bypass does to this node: records pass by where the first input carries what the only output carries; otherwise the
 * node stops, and with it what depends on it.
 */
export function bypassEffect(definitions: Definitions, node: PipelineNode): 'passes' | 'stops' {
  const ports = portsOf(definitions, node)
  const input = ports?.inputs[0]
  const output = ports?.outputs[0]
  if (!ports || !input || !output || ports.outputs.length !== 1) return 'stops'
  return input.type === output.type ? 'passes' : 'stops'
}
