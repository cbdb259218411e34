/** Questions about the document's graph. */
import { configWithDefaults, type Definitions } from './config.ts'
import type { PortSpec, PortType } from './definition.ts'
import type { NodeConfig, PipelineDocument, PipelineEdge, PipelineNode, PortRef } from './document.ts'

/** Documents never change, they are replaced: what was found out about their lists once stays true. */
const nodesById = new WeakMap<readonly PipelineNode[], ReadonlyMap<string, PipelineNode>>()
const edgesByEnd = new WeakMap<readonly PipelineEdge[], Record<'from' | 'to', EdgesByNode>>()
type EdgesByNode = ReadonlyMap<string, readonly PipelineEdge[]>

export function findNode({ nodes }: PipelineDocument, id: string): PipelineNode | undefined {
  let byId = nodesById.get(nodes)
  if (!byId) {
    // Of two with the same id, which is a problem of its own, the first.
    byId = new Map([...nodes].reverse().map((node) => [node.id, node]))
    nodesById.set(nodes, byId)
  }
  return byId.get(id)
}

function edgesAt({ edges }: PipelineDocument, end: 'from' | 'to', node: string): readonly PipelineEdge[] {
  let byEnd = edgesByEnd.get(edges)
  if (!byEnd) {
    const by = (side: 'from' | 'to') => Map.groupBy(edges, (edge) => edge[side].node)
    byEnd = { from: by('from'), to: by('to') }
    edgesByEnd.set(edges, byEnd)
  }
  return byEnd[end].get(node) ?? []
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
  return edgesAt(document, 'to', node).filter((edge) => port === undefined || edge.to.port === port)
}

export function edgesOutOf(document: PipelineDocument, node: string, port?: string): PipelineEdge[] {
  return edgesAt(document, 'from', node).filter((edge) => port === undefined || edge.from.port === port)
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
  const places = Map.groupBy(document.nodes.keys(), (index) => document.nodes[index]!.id)
  const ready = new Places()
  for (const [id, count] of incoming) if (count === 0) ready.add(...places.get(id)!)
  const sorted: PipelineNode[] = []
  for (let place = ready.takeLeast(); place !== undefined; place = ready.takeLeast()) {
    const node = document.nodes[place]!
    sorted.push(node)
    for (const { to } of edgesOutOf(document, node.id)) {
      const left = incoming.get(to.node)
      if (left === undefined) continue
      incoming.set(to.node, left - 1)
      if (left === 1) ready.add(...places.get(to.node)!)
    }
  }
  const done = new Set(sorted)
  return { sorted, cyclic: document.nodes.filter((node) => !done.has(node)) }
}

/** Numbers of which the least is wanted again and again: a binary heap. */
class Places {
  readonly #heap: number[] = []

  add(...places: readonly number[]): void {
    for (const place of places) {
      let at = this.#heap.push(place) - 1
      for (let parent = (at - 1) >> 1; at > 0 && this.#heap[parent]! > place; parent = (at - 1) >> 1) {
        this.#swap(at, parent)
        at = parent
      }
    }
  }

  takeLeast(): number | undefined {
    const least = this.#heap[0]
    const last = this.#heap.pop()
    if (least === undefined || last === undefined || this.#heap.length === 0) return least
    this.#heap[0] = last
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let lesser = at
      for (const child of [left, right]) {
        if (child < this.#heap.length && this.#heap[child]! < this.#heap[lesser]!) lesser = child
      }
      if (lesser === at) return least
      this.#swap(at, lesser)
      at = lesser
    }
  }

  #swap(a: number, b: number): void {
    const kept = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = kept
  }
}

/** The nodes of one cycle in the order of its edges, or undefined. */
export function findCycle(document: PipelineDocument): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>()
  for (const { id } of document.nodes) {
    if (state.has(id)) continue
    // By a list of its own and not by recursion: chains may be longer than the stack is deep.
    const path = [{ id, next: edgesOutOf(document, id).values() }]
    state.set(id, 'open')
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const { value: edge } = last.next.next()
      if (edge === undefined) {
        state.set(last.id, 'done')
        path.pop()
        continue
      }
      const to = edge.to.node
      if (state.get(to) === 'open')
        return path.slice(path.findIndex((open) => open.id === to)).map((open) => open.id)
      if (state.has(to)) continue
      state.set(to, 'open')
      path.push({ id: to, next: edgesOutOf(document, to).values() })
    }
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
