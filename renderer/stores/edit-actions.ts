/** What gestures, forms and commands do to the document. Each is one step of undo. */

import { configWithDefaults } from '../../engine/pipeline/config.ts'
import type { NodeDefinition, PortSpec } from '../../engine/pipeline/definition.ts'
import type { ConfigValue, PipelineDocument, PipelineNode, PortRef } from '../../engine/pipeline/document.ts'
import { apply, type Edit } from '../../engine/pipeline/edits.ts'
import {
  connect,
  disconnect,
  duplicate,
  newNode,
  paste,
  removeNodes,
  spliceIntoEdge,
  copyText as textOfNodes,
} from '../../engine/pipeline/gestures.ts'
import { downstream, edgesInto, edgesOutOf, takes, upstream } from '../../engine/pipeline/graph.ts'
import { newProcessorPath } from '../../engine/pipeline/names.ts'
import { layOut } from '../canvas/auto-layout.ts'
import { definitionOf, kinds } from '../parts/kinds.ts'
import { requestFit } from './canvas-requests.ts'
import { change, openDocument, openPipeline, redo, setFileText, undo, useDocument } from './document-store.ts'
import { clearSelection, select, useSelection } from './selection.ts'
import { stayInField } from './stay.ts'
import { processorTemplate } from './templates.ts'
import { tellFailure, toast } from './toasts.ts'

interface Point {
  readonly x: number
  readonly y: number
}

interface EndOfWire extends PortRef {
  readonly side: 'in' | 'out'
}

export const canEdit = () => openDocument() !== undefined
export const canUndo = () => useDocument.getState().history.undo.length > 0
export const canRedo = () => useDocument.getState().history.redo.length > 0
export const hasSelectedNode = () => useSelection.getState().nodes.size > 0
export const hasSelection = () => hasSelectedNode() || useSelection.getState().edges.size > 0
export const undoStep = () => {
  undo()
  dropGoneFromSelection()
}
export const redoStep = () => {
  redo()
  dropGoneFromSelection()
}

function dropGoneFromSelection(): void {
  const document = openDocument()
  if (!document) return
  const nodes = new Set(document.nodes.map((node) => node.id))
  const edges = new Set(document.edges.map((edge) => edge.id))
  const { nodes: chosenNodes, edges: chosenEdges } = useSelection.getState()
  select(
    [...chosenNodes].filter((id) => nodes.has(id)),
    [...chosenEdges].filter((id) => edges.has(id)),
  )
}

/** Adds a node, wires or splices it in the same step, gives a code node its file, and selects it. */
export function addNode(
  kind: string,
  position: Point,
  how: { readonly splice?: string; readonly wire?: { readonly end: EndOfWire; readonly port: string } },
): void {
  const pipeline = openPipeline()
  const definition = definitionOf(kind)
  if (!pipeline || !definition) return
  const node = withCodeFile(newNode(pipeline.document, definition, position), definition)
  const insert: Edit = { type: 'insert', nodes: [{ item: node }], edges: [] }
  const between = apply(pipeline.document, insert).document
  const wiring = how.splice
    ? spliced(between, node.id, how.splice)
    : how.wire
      ? wired(between, node.id, how.wire)
      : undefined
  change(wiring ? { type: 'batch', label: 'add 1 node', edits: [insert, wiring] } : insert)
  select([node.id])
}

function withCodeFile(node: PipelineNode, definition: NodeDefinition): PipelineNode {
  const pipeline = openPipeline()
  if (!definition.codeField || !pipeline) return node
  const path = newProcessorPath(
    pipeline.document,
    node.name,
    pipeline.files.map((file) => file.path),
  )
  setFileText(path, processorTemplate(node.id))
  return { ...node, config: { ...node.config, [definition.codeField]: path } }
}

function wired(
  document: PipelineDocument,
  node: string,
  { end, port }: { readonly end: EndOfWire; readonly port: string },
): Edit {
  const there = { node: end.node, port: end.port }
  return end.side === 'out'
    ? connect(document, there, { node, port })
    : connect(document, { node, port }, there)
}

function spliced(document: PipelineDocument, node: string, edge: string): Edit | undefined {
  const result = spliceIntoEdge(document, kinds, node, edge)
  if ('edit' in result) return result.edit
  toast({ tone: 'failed', text: `Not inserted into the edge: ${result.reason}` })
  return undefined
}

/** A node that is not wired yet and that records can flow through. */
export function spliceable(node: string): boolean {
  const document = openDocument()
  if (!document) return false
  return edgesInto(document, node).length === 0 && edgesOutOf(document, node).length === 0
}

export function spliceNode(node: string, edge: string): void {
  const document = openDocument()
  const edit = document && spliced(document, node, edge)
  if (edit) change(edit)
}

/** The first port of a new node of this kind that fits the end. */
export function fittingPort(end: EndOfWire, definition: NodeDefinition): string | undefined {
  const there = specOf(end)
  if (!there) return undefined
  const ports = definition.ports(configWithDefaults(definition, {}))
  if (end.side === 'out') return ports.inputs.find((input) => takes(input, there.type))?.name
  return ports.outputs.find((output) => takes(there, output.type))?.name
}

function specOf(end: EndOfWire): PortSpec | undefined {
  const node = openDocument()?.nodes.find((other) => other.id === end.node)
  const definition = node && definitionOf(node.kind)
  if (!node || !definition) return undefined
  const ports = definition.ports(configWithDefaults(definition, node.config))
  return (end.side === 'out' ? ports.outputs : ports.inputs).find((port) => port.name === end.port)
}

export function connectPorts(from: PortRef, to: PortRef): void {
  const document = openDocument()
  if (document)
    change(connect(document, { node: from.node, port: from.port }, { node: to.node, port: to.port }))
}

export const reconnectEdge = (edge: string, from: PortRef, to: PortRef) =>
  change({ type: 'reconnect', edge, from, to })

export function moveNodes(moves: readonly ({ readonly id: string } & Point)[], stay?: number): void {
  const document = openDocument()
  const moved = moves.filter(({ id, x, y }) =>
    document?.nodes.some((node) => node.id === id && (node.position.x !== x || node.position.y !== y)),
  )
  if (moved.length === 0) return
  change({ type: 'move', positions: Object.fromEntries(moved.map(({ id, x, y }) => [id, { x, y }])) }, stay)
}

export const setField = (node: string, field: string, value: ConfigValue | undefined) =>
  change({ type: 'set-config', node, field, value }, stayInField())
export const renameNode = (node: string, name: string) =>
  change({ type: 'rename', node, name }, stayInField())
export const setNote = (node: string, note: string) =>
  change({ type: 'set-note', node, note: note === '' ? undefined : note }, stayInField())
export const setOnError = (node: string, onError: PipelineNode['onError']) =>
  change({ type: 'set-on-error', node, onError })
export const setPipelineName = (name: string) => change({ type: 'set-name', name }, stayInField())
export const setDescription = (text: string) =>
  change({ type: 'set-description', description: text === '' ? undefined : text }, stayInField())
export const setProcessingGuarantee = (processingGuarantee: PipelineDocument['processingGuarantee']) =>
  change({ type: 'set-processing-guarantee', processingGuarantee })

export function toggleBypass(): void {
  const chosen = useSelection.getState().nodes
  const nodes = openDocument()?.nodes.filter((node) => chosen.has(node.id)) ?? []
  if (nodes.length === 0) return
  const on = nodes.some((node) => !node.bypass)
  const edits = nodes.map(
    (node): Edit => ({ type: 'set-bypass', node: node.id, bypass: on ? true : undefined }),
  )
  change(
    edits.length === 1
      ? edits[0]!
      : { type: 'batch', label: on ? 'bypass nodes' : 'stop bypassing nodes', edits },
  )
}

export function removeSelection(heal: boolean): void {
  const document = openDocument()
  const { nodes, edges } = useSelection.getState()
  if (!document || nodes.size + edges.size === 0) return
  change(
    nodes.size > 0
      ? removeNodes(document, kinds, [...nodes], { heal, edges: [...edges] })
      : disconnect([...edges]),
  )
  clearSelection()
}

export function duplicateSelection(): void {
  const document = openDocument()
  const { nodes } = useSelection.getState()
  if (!document || nodes.size === 0) return
  const made = duplicate(document, [...nodes], { x: 32, y: 48 })
  change(made.edit)
  select(made.nodes)
}

/** The selected nodes as text, and with `cut` they go. */
export function copyText(cut: boolean): string | undefined {
  const document = openDocument()
  const { nodes } = useSelection.getState()
  if (!document || nodes.size === 0) return undefined
  const text = textOfNodes(document, [...nodes])
  if (cut) removeSelection(false)
  return text
}

export async function copySelection(): Promise<void> {
  await toClipboard(copyText(false))
}

export async function cutSelection(): Promise<void> {
  await toClipboard(copyText(true))
}

async function toClipboard(text: string | undefined): Promise<void> {
  if (text === undefined) return
  try {
    await navigator.clipboard.writeText(text)
  } catch (thrown) {
    tellFailure('Copy', thrown)
  }
}

export async function pasteFromClipboard(): Promise<void> {
  try {
    pasteText(await navigator.clipboard.readText())
  } catch (thrown) {
    tellFailure('Paste', thrown)
  }
}

export function pasteText(text: string, at?: Point): void {
  const document = openDocument()
  if (!document) return
  try {
    const made = paste(document, text, at ?? freeCorner(document))
    change(made.edit)
    select(made.nodes)
    requestFit()
  } catch (thrown) {
    tellFailure('Paste', thrown)
  }
}

/** Below everything, at the left. */
function freeCorner(document: PipelineDocument): Point {
  if (document.nodes.length === 0) return { x: 0, y: 0 }
  return {
    x: Math.min(...document.nodes.map((node) => node.position.x)),
    y: Math.max(...document.nodes.map((node) => node.position.y)) + 136,
  }
}

export function selectAll(): void {
  const document = openDocument()
  if (document)
    select(
      document.nodes.map((node) => node.id),
      document.edges.map((edge) => edge.id),
    )
}

export function selectAlong(direction: 'up' | 'down'): void {
  const document = openDocument()
  const { nodes } = useSelection.getState()
  if (document) select(direction === 'up' ? upstream(document, nodes) : downstream(document, nodes))
}

export async function autoLayout(): Promise<void> {
  const document = openDocument()
  if (!document) return
  try {
    const places = await layOut(document)
    // Nodes that went meanwhile are not in the document any more, and are left out.
    moveNodes(places)
    requestFit()
  } catch (thrown) {
    tellFailure('Arranging', thrown)
  }
}
