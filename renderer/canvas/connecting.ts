/** A connection that is being drawn: where it starts, which ports would take it, and why the one under the pointer would not. */
import { create } from 'zustand'
import {
  type Connectable,
  canConnect,
  firstFittingOutput,
  firstFreePort,
} from '../../engine/pipeline/connection.ts'
import type { PipelineDocument, PortRef } from '../../engine/pipeline/document.ts'
import { definitionOf, kinds } from '../parts/kinds.ts'
import { openDocument } from '../stores/document-store.ts'
import { handleId, portOf, shapeOf } from './geometry.ts'

export interface End extends PortRef {
  readonly side: 'in' | 'out'
}

interface Connecting {
  readonly from: End | undefined
  /** By `node/handle`. */
  readonly standing: ReadonlyMap<string, 'valid' | 'invalid'> | undefined
}

export const useConnecting = create<Connecting>(() => ({ from: undefined, standing: undefined }))

export function beginConnecting(node: string, handle: string): void {
  const document = openDocument()
  if (!document) return
  const from: End = { node, port: portOf(handle), side: handle.startsWith('in:') ? 'in' : 'out' }
  const standing = new Map<string, 'valid' | 'invalid'>()
  for (const other of document.nodes) {
    for (const port of shapeOf(other, definitionOf(other.kind)).ports) {
      if (port.side === from.side) continue
      const verdict = tryConnect(document, from, { node: other.id, port: port.name, side: port.side })
      standing.set(`${other.id}/${handleId(port.side, port.name)}`, verdict.ok ? 'valid' : 'invalid')
    }
  }
  useConnecting.setState({ from, standing })
}

export const endConnecting = () => useConnecting.setState({ from: undefined, standing: undefined })

/** Either end may be where the drag began. */
export function tryConnect(document: PipelineDocument, one: End, other: End): Connectable {
  if (one.side === other.side) {
    return {
      ok: false,
      reason: one.side === 'out' ? 'Two outputs cannot be connected.' : 'Two inputs cannot be connected.',
    }
  }
  const [from, to] = one.side === 'out' ? [one, other] : [other, one]
  return canConnect(document, kinds, { node: from.node, port: from.port }, { node: to.node, port: to.port })
}

/** The port that a drop on the body of a node takes; else why there is none. */
export function portForBody(
  document: PipelineDocument,
  from: End,
  node: string,
): End | { readonly reason: string } {
  if (node === from.node) return { reason: 'A node cannot feed itself.' }
  const side = from.side === 'out' ? 'in' : 'out'
  const ref = { node: from.node, port: from.port }
  const free =
    side === 'in' ? firstFreePort(document, kinds, ref, node) : firstFittingOutput(document, kinds, node, ref)
  if (free) return { ...free, side }
  const target = document.nodes.find((other) => other.id === node)
  const ports = target
    ? shapeOf(target, definitionOf(target.kind)).ports.filter((port) => port.side === side)
    : []
  const refusals = ports.map((port) => tryConnect(document, from, { node, port: port.name, side }))
  const refused = refusals.find((verdict) => !verdict.ok)
  if (refused && !refused.ok) return { reason: refused.reason }
  return { reason: side === 'in' ? 'This node has no input.' : 'This node has no output.' }
}
