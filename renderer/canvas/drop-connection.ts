import { openDocument } from '../stores/document-store.ts'
import { connectPorts } from '../stores/edit-actions.ts'
import { type End, portForBody, tryConnect } from './connecting.ts'
import { tellAt } from './connection-hint.tsx'
import { portOf } from './geometry.ts'
import type { PickerRequest } from './picker.tsx'
import { handleUnder, nodeUnder, type Point, snapped } from './pointer.ts'

/**
 * A drawn connection was let go: on a port (React Flow has connected it when it was valid, so that only a refusal is left
 * to tell), on a node's body (its first free port that fits), or on nothing (a picker of what fits).
 */
export function dropConnection(
  point: Point,
  node: string,
  handle: string,
  toFlow: (point: Point) => Point,
): PickerRequest | undefined {
  const document = openDocument()
  if (!document) return undefined
  const from = endOf(node, handle)
  const port = handleUnder(point)
  if (port) {
    if (port.node === node && port.handle === handle) return undefined
    const verdict = tryConnect(document, from, endOf(port.node, port.handle))
    const joined = document.edges.some(
      (edge) => touches(edge, from) && touches(edge, endOf(port.node, port.handle)),
    )
    if (!verdict.ok && !joined) tellAt(point, verdict.reason)
    return undefined
  }
  const body = nodeUnder(point)
  if (!body) return { screen: point, at: snapped(toFlow(point), false), from }
  if (body === node) return undefined
  const end = portForBody(document, from, body)
  if ('reason' in end) tellAt(point, end.reason)
  else if (from.side === 'out') connectPorts(from, end)
  else connectPorts(end, from)
  return undefined
}

function endOf(node: string, handle: string): End {
  return { node, port: portOf(handle), side: handle.startsWith('in:') ? 'in' : 'out' }
}

function touches(
  edge: { from: { node: string; port: string }; to: { node: string; port: string } },
  end: End,
): boolean {
  const own = end.side === 'out' ? edge.from : edge.to
  return own.node === end.node && own.port === end.port
}
