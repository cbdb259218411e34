/** Edits that a gesture on the canvas means: connecting, deleting with healing, splicing, copying, pasting. */
import { MillraceError } from '../base/errors.ts'
import type { Definitions } from './config.ts'
import { canConnect } from './connection.ts'
import type { NodeDefinition } from './definition.ts'
import type { PipelineDocument, PipelineEdge, PipelineNode, PortRef } from './document.ts'
import { apply, type Edit } from './edits.ts'
import { edgesOutOf, findNode, portsOf } from './graph.ts'
import { newEdgeIds, newNodeId, newNodeName } from './names.ts'
import { parseDocument } from './parse.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

/** A new node of this kind, with a free id and name; not in the document yet. */
export function newNode(
  document: PipelineDocument,
  definition: NodeDefinition,
  position: Point,
): PipelineNode {
  const name = newNodeName(document, definition.title)
  return { id: newNodeId(document, name), kind: definition.kind, name, position, config: {} }
}

export function connect(document: PipelineDocument, from: PortRef, to: PortRef): Edit {
  const [id] = newEdgeIds(document, 1)
  return { type: 'insert', nodes: [], edges: [{ item: { id: id!, from, to } }] }
}

export function disconnect(edges: readonly string[]): Edit {
  return { type: 'remove', nodes: [], edges }
}

/** @param heal what flowed into the removed nodes flows on to what came after them, where it fits */
export function removeNodes(
  document: PipelineDocument,
  definitions: Definitions,
  ids: readonly string[],
  options: { readonly heal: boolean; readonly edges?: readonly string[] },
): Edit {
  const removal: Edit = { type: 'remove', nodes: ids, edges: options.edges ?? [] }
  if (!options.heal) return removal
  let healed = apply(document, removal).document
  const edits: Edit[] = [removal]
  for (const [from, to] of wiresThrough(document, definitions, new Set(ids))) {
    if (!canConnect(healed, definitions, from, to).ok) continue
    const edit = connect(healed, from, to)
    healed = apply(healed, edit).document
    edits.push(edit)
  }
  if (edits.length === 1) return removal
  return { type: 'batch', label: ids.length === 1 ? 'delete node' : `delete ${ids.length} nodes`, edits }
}

/** From each edge into the first input of the group that goes, to each edge that leaves it on the way. */
function wiresThrough(
  document: PipelineDocument,
  definitions: Definitions,
  going: ReadonlySet<string>,
): (readonly [PortRef, PortRef])[] {
  const wires: (readonly [PortRef, PortRef])[] = []
  for (const edge of document.edges) {
    if (going.has(edge.from.node) || !entersMainInput(document, definitions, going, edge)) continue
    const seen = new Set<string>()
    const follow = (id: string) => {
      if (seen.has(id)) return
      seen.add(id)
      for (const out of edgesOutOf(document, id)) {
        if (!going.has(out.to.node)) wires.push([edge.from, out.to])
        else if (entersMainInput(document, definitions, going, out)) follow(out.to.node)
      }
    }
    follow(edge.to.node)
  }
  return wires
}

function entersMainInput(
  document: PipelineDocument,
  definitions: Definitions,
  going: ReadonlySet<string>,
  edge: PipelineEdge,
): boolean {
  const node = going.has(edge.to.node) ? findNode(document, edge.to.node) : undefined
  return node !== undefined && portsOf(definitions, node)?.inputs[0]?.name === edge.to.port
}

/** Puts a node that is in the document into an edge, or says why not. */
export function spliceIntoEdge(
  document: PipelineDocument,
  definitions: Definitions,
  nodeId: string,
  edgeId: string,
): { readonly edit: Edit } | { readonly reason: string } {
  const edge = document.edges.find((candidate) => candidate.id === edgeId)
  const node = findNode(document, nodeId)
  const ports = node && portsOf(definitions, node)
  const input = ports?.inputs[0]
  const output = ports?.outputs[0]
  if (!edge || !ports || !node) return { reason: 'The edge is gone.' }
  if (!input || !output)
    return { reason: `“${node.name}” has no input or no output, so nothing can flow through it.` }
  const to = { node: nodeId, port: input.name }
  const from = { node: nodeId, port: output.name }
  const moved: Edit = { type: 'reconnect', edge: edge.id, from: edge.from, to }
  const first = canConnect(document, definitions, edge.from, to, edge.id)
  if (!first.ok) return { reason: first.reason }
  const between = apply(document, moved).document
  const second = canConnect(between, definitions, from, edge.to)
  if (!second.ok) return { reason: second.reason }
  return {
    edit: { type: 'batch', label: 'insert into edge', edits: [moved, connect(between, from, edge.to)] },
  }
}

const clipboardKind = 'millrace/nodes'

/** The nodes, and the edges between them, as JSON text that people can keep and share. */
export function copyText(document: PipelineDocument, ids: readonly string[]): string {
  const chosen = new Set(ids)
  const nodes = document.nodes.filter((node) => chosen.has(node.id))
  const edges = document.edges.filter((edge) => chosen.has(edge.from.node) && chosen.has(edge.to.node))
  return `${JSON.stringify({ kind: clipboardKind, version: document.version, nodes, edges }, null, 2)}\n`
}

/**
 * Nodes and edges from `copyText`, or from the text of a whole pipeline, with free ids and names, their upper left corner at
 * `at`. @throws MillraceError NOT_NODES, and those of `parseDocument`
 */
export function paste(document: PipelineDocument, text: string, at: Point): { edit: Edit; nodes: string[] } {
  const { nodes, edges } = parseClipboard(text)
  const ids = new Map<string, string>()
  const takenNames = new Set<string>()
  for (const node of nodes) {
    ids.set(node.id, newNodeId(document, node.id.replace(/-\d+$/, ''), new Set(ids.values())))
  }
  const left = Math.min(...nodes.map((node) => node.position.x))
  const top = Math.min(...nodes.map((node) => node.position.y))
  const pasted = nodes.map((node) => {
    const name = newNodeName(document, node.name.replace(/ \d+$/, ''), takenNames)
    takenNames.add(name)
    const position = { x: node.position.x - left + at.x, y: node.position.y - top + at.y }
    return { ...node, id: ids.get(node.id)!, name, position }
  })
  const edgeIds = newEdgeIds(document, edges.length)
  const pastedEdges = edges.map((edge, index) => ({
    ...edge,
    id: edgeIds[index]!,
    from: { node: ids.get(edge.from.node)!, port: edge.from.port },
    to: { node: ids.get(edge.to.node)!, port: edge.to.port },
  }))
  return {
    edit: {
      type: 'insert',
      nodes: pasted.map((item) => ({ item })),
      edges: pastedEdges.map((item) => ({ item })),
    },
    nodes: pasted.map((node) => node.id),
  }
}

function parseClipboard(text: string): { nodes: readonly PipelineNode[]; edges: readonly PipelineEdge[] } {
  const notNodes = (what: string) =>
    new MillraceError({
      code: 'NOT_NODES',
      what,
      where: 'the clipboard',
      remedy: 'copy nodes on a canvas, or the text of a pipeline.json',
    })
  if (!text.trimStart().startsWith('{')) throw notNodes('the text is not nodes of a pipeline')
  const document = parseDocument(asDocumentText(text), 'the clipboard').document
  const seen = new Set<string>()
  const nodes = document.nodes.filter((node) => !seen.has(node.id) && seen.add(node.id))
  if (nodes.length === 0) throw notNodes('there are no nodes in the text')
  const edges = document.edges.filter((edge) => seen.has(edge.from.node) && seen.has(edge.to.node))
  return { nodes, edges }
}

/** Copied nodes are a document without a name: read them by the same rules. A text that isn't JSON is reported there. */
function asDocumentText(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== clipboardKind)
      return text
    return JSON.stringify({ id: 'clipboard', name: 'clipboard', ...value })
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return text
    throw thrown
  }
}

/** A copy of the nodes beside them. */
export function duplicate(
  document: PipelineDocument,
  ids: readonly string[],
  offset: Point,
): { edit: Edit; nodes: string[] } {
  const nodes = document.nodes.filter((node) => ids.includes(node.id))
  const left = Math.min(...nodes.map((node) => node.position.x))
  const top = Math.min(...nodes.map((node) => node.position.y))
  return paste(document, copyText(document, ids), { x: left + offset.x, y: top + offset.y })
}
