/**
 * Every change of a document is an edit, and every edit has an inverse: undo applies it. `apply` is pure. An edit that names
 * what is not there changes nothing of it, so that applying an old inverse can't throw.
 */
import { unreachable } from '../base/assert.ts'
import { valueAt, withValueAt } from './config.ts'
import type {
  ConfigValue,
  NodeConfig,
  PipelineDocument,
  PipelineEdge,
  PipelineNode,
  PortRef,
} from './document.ts'

/** Where in its list something stands; absent: at the end. */
export interface Placed<T> {
  readonly item: T
  readonly index?: number
}

export type Edit =
  /** Nodes and edges come in together: for adding, pasting, and for taking a removal back. */
  | {
      readonly type: 'insert'
      readonly nodes: readonly Placed<PipelineNode>[]
      readonly edges: readonly Placed<PipelineEdge>[]
    }
  /** Edges of removed nodes go too. `gestures.ts` has what heals the wire. */
  | { readonly type: 'remove'; readonly nodes: readonly string[]; readonly edges: readonly string[] }
  | { readonly type: 'move'; readonly positions: Readonly<Record<string, { x: number; y: number }>> }
  /** `field` is a path, `functions.0.as`; an undefined value takes it away, and its default holds again. */
  | {
      readonly type: 'set-config'
      readonly node: string
      readonly field: string
      readonly value: ConfigValue | undefined
    }
  | { readonly type: 'replace-config'; readonly node: string; readonly config: NodeConfig }
  | { readonly type: 'rename'; readonly node: string; readonly name: string }
  | { readonly type: 'set-note'; readonly node: string; readonly note: string | undefined }
  | { readonly type: 'set-bypass'; readonly node: string; readonly bypass: boolean | undefined }
  | { readonly type: 'set-on-error'; readonly node: string; readonly onError: PipelineNode['onError'] }
  | { readonly type: 'reconnect'; readonly edge: string; readonly from: PortRef; readonly to: PortRef }
  | { readonly type: 'set-name'; readonly name: string }
  | { readonly type: 'set-description'; readonly description: string | undefined }
  | {
      readonly type: 'set-processing-guarantee'
      readonly processingGuarantee: PipelineDocument['processingGuarantee']
    }
  /** Several as one gesture. */
  | { readonly type: 'batch'; readonly label: string; readonly edits: readonly Edit[] }

export interface Applied {
  readonly document: PipelineDocument
  readonly inverse: Edit
}

export function apply(document: PipelineDocument, edit: Edit): Applied {
  switch (edit.type) {
    case 'insert':
      return insert(document, edit)
    case 'remove':
      return remove(document, edit)
    case 'move':
      return move(document, edit)
    case 'reconnect':
      return reconnect(document, edit)
    case 'set-name':
      return {
        document: { ...document, name: edit.name },
        inverse: { type: 'set-name', name: document.name },
      }
    case 'set-description':
      return {
        document: withOptional(document, 'description', edit.description),
        inverse: { type: 'set-description', description: document.description },
      }
    case 'set-processing-guarantee':
      return {
        document: withOptional(document, 'processingGuarantee', edit.processingGuarantee),
        inverse: { type: edit.type, processingGuarantee: document.processingGuarantee },
      }
    case 'batch':
      return batch(document, edit)
    default:
      return changeNode(document, edit)
  }
}

/** What is there already stays as it is: ids are unique. */
function insert(document: PipelineDocument, edit: Extract<Edit, { type: 'insert' }>): Applied {
  const nodes = absent(document.nodes, edit.nodes)
  const edges = absent(document.edges, edit.edges)
  return {
    document: {
      ...document,
      nodes: withPlaced(document.nodes, nodes),
      edges: withPlaced(document.edges, edges),
    },
    inverse: {
      type: 'remove',
      nodes: nodes.map(({ item }) => item.id),
      edges: edges.map(({ item }) => item.id),
    },
  }
}

function remove(document: PipelineDocument, edit: Extract<Edit, { type: 'remove' }>): Applied {
  const nodes = new Set(edit.nodes)
  const edges = new Set(edit.edges)
  const goes = (edge: PipelineEdge) =>
    edges.has(edge.id) || nodes.has(edge.from.node) || nodes.has(edge.to.node)
  return {
    document: {
      ...document,
      nodes: document.nodes.filter((node) => !nodes.has(node.id)),
      edges: document.edges.filter((edge) => !goes(edge)),
    },
    inverse: {
      type: 'insert',
      nodes: placed(document.nodes, (node) => nodes.has(node.id)),
      edges: placed(document.edges, goes),
    },
  }
}

function move(document: PipelineDocument, edit: Extract<Edit, { type: 'move' }>): Applied {
  const before: Record<string, { x: number; y: number }> = {}
  const nodes = document.nodes.map((node) => {
    const position = edit.positions[node.id]
    if (!position) return node
    before[node.id] = node.position
    return { ...node, position: { x: position.x, y: position.y } }
  })
  return { document: { ...document, nodes }, inverse: { type: 'move', positions: before } }
}

function reconnect(document: PipelineDocument, edit: Extract<Edit, { type: 'reconnect' }>): Applied {
  const before = document.edges.find((edge) => edge.id === edit.edge)
  if (!before) return { document, inverse: nothing }
  const edges = document.edges.map((edge) =>
    edge === before ? { ...edge, from: edit.from, to: edit.to } : edge,
  )
  return {
    document: { ...document, edges },
    inverse: { type: 'reconnect', edge: edit.edge, from: before.from, to: before.to },
  }
}

function batch(document: PipelineDocument, edit: Extract<Edit, { type: 'batch' }>): Applied {
  let current = document
  const inverses: Edit[] = []
  for (const part of edit.edits) {
    const applied = apply(current, part)
    current = applied.document
    inverses.unshift(applied.inverse)
  }
  return { document: current, inverse: { type: 'batch', label: edit.label, edits: inverses } }
}

type NodeEdit = Extract<Edit, { node: string }>

function changeNode(document: PipelineDocument, edit: NodeEdit): Applied {
  const node = document.nodes.find((candidate) => candidate.id === edit.node)
  if (!node) return { document, inverse: nothing }
  const { changed, inverse } = changedNode(node, edit)
  const nodes = document.nodes.map((candidate) => (candidate === node ? changed : candidate))
  return { document: { ...document, nodes }, inverse }
}

function changedNode(node: PipelineNode, edit: NodeEdit): { changed: PipelineNode; inverse: Edit } {
  const { id } = node
  switch (edit.type) {
    case 'set-config':
      return {
        changed: { ...node, config: withValueAt(node.config, edit.field, edit.value) },
        inverse: inverseOfSetConfig(node, edit.field),
      }
    case 'replace-config':
      return {
        changed: { ...node, config: edit.config },
        inverse: { type: 'replace-config', node: id, config: node.config },
      }
    case 'rename':
      return {
        changed: { ...node, name: edit.name },
        inverse: { type: 'rename', node: id, name: node.name },
      }
    case 'set-note':
      return {
        changed: withOptional(node, 'note', edit.note),
        inverse: { type: 'set-note', node: id, note: node.note },
      }
    case 'set-bypass':
      return {
        changed: withOptional(node, 'bypass', edit.bypass),
        inverse: { type: 'set-bypass', node: id, bypass: node.bypass },
      }
    case 'set-on-error':
      return {
        changed: withOptional(node, 'onError', edit.onError),
        inverse: { type: 'set-on-error', node: id, onError: node.onError },
      }
    default:
      return unreachable(edit)
  }
}

/** Deep paths and fields that were absent go back as a whole: a list item removed in the middle shifts the others. */
function inverseOfSetConfig(node: PipelineNode, field: string): Edit {
  const before = valueAt(node.config, field)
  if (before === undefined || field.includes('.')) {
    return { type: 'replace-config', node: node.id, config: node.config }
  }
  return { type: 'set-config', node: node.id, field, value: before }
}

export const nothing: Edit = { type: 'batch', label: '', edits: [] }

function withOptional<T extends object, K extends keyof T>(target: T, name: K, value: T[K] | undefined): T {
  const { [name]: _, ...rest } = target
  return (value === undefined ? rest : { ...target, [name]: value }) as T
}

/** What is taken out, with its place, lowest first: putting back in that order restores the list. */
function placed<T>(items: readonly T[], goes: (item: T) => boolean): Placed<T>[] {
  return items.flatMap((item, index) => (goes(item) ? [{ item, index }] : []))
}

function absent<T extends { readonly id: string }>(
  items: readonly T[],
  coming: readonly Placed<T>[],
): Placed<T>[] {
  const ids = new Set(items.map(({ id }) => id))
  return coming.filter(({ item }) => !ids.has(item.id))
}

function withPlaced<T>(items: readonly T[], placedItems: readonly Placed<T>[]): T[] {
  const result = [...items]
  for (const { item, index } of placedItems) result.splice(index ?? result.length, 0, item)
  return result
}

/** True when `next` only goes on with what `last` began, so that both are one step of undo: typing in one field, one drag. */
export function coalesces(last: Edit, next: Edit): boolean {
  if (last.type !== next.type) return false
  switch (next.type) {
    case 'set-config':
      return last.type === next.type && last.node === next.node && last.field === next.field
    case 'rename':
    case 'set-note':
      return last.type === next.type && last.node === next.node
    case 'move':
      return (
        last.type === next.type && Object.keys(last.positions).join() === Object.keys(next.positions).join()
      )
    case 'set-name':
    case 'set-description':
      return true
    default:
      return false
  }
}

/** For the menu: "Undo …". */
export function editLabel(edit: Edit): string {
  switch (edit.type) {
    case 'insert':
      return edit.nodes.length === 0 ? 'connect' : `add ${nodesText(edit.nodes.length)}`
    case 'remove':
      return edit.nodes.length === 0 ? 'disconnect' : `delete ${nodesText(edit.nodes.length)}`
    case 'move':
      return `move ${nodesText(Object.keys(edit.positions).length)}`
    case 'set-config':
    case 'replace-config':
      return 'change settings'
    case 'rename':
      return 'rename node'
    case 'set-note':
      return 'change note'
    case 'set-bypass':
      return edit.bypass ? 'bypass node' : 'stop bypassing node'
    case 'set-on-error':
      return 'change what an error does'
    case 'reconnect':
      return 'reconnect'
    case 'set-name':
      return 'rename pipeline'
    case 'set-description':
      return 'change description'
    case 'set-processing-guarantee':
      return 'change the processing guarantee'
    case 'batch':
      return edit.label
    default:
      return unreachable(edit)
  }
}

function nodesText(count: number): string {
  return count === 1 ? 'node' : `${count} nodes`
}
