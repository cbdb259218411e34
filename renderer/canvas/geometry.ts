/** Sizes of nodes and places of their ports: known without measuring, so that nodes off the screen need no elements. */
import { Position } from '@xyflow/react'
import type { NodeDefinition, PortSpec } from '../../engine/pipeline/definition.ts'
import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { fullConfig } from '../parts/kinds.ts'

export const nodeWidth = 178
const bodyHeight = 70
export const footerHeight = 27
const portSize = 11
const portGap = 24
/** The middle of a single port, from the node's top. */
const portMiddle = 46

export interface PlacedPort extends PortSpec {
  readonly side: 'in' | 'out'
  readonly y: number
}

export interface NodeShape {
  readonly ports: readonly PlacedPort[]
  readonly height: number
}

const nothing: NodeShape = { ports: [], height: bodyHeight }
const shapes = new WeakMap<PipelineNode, NodeShape>()

export function shapeOf(node: PipelineNode, definition: NodeDefinition | undefined): NodeShape {
  if (!definition) return nothing
  const known = shapes.get(node)
  if (known) return known
  const { inputs, outputs } = definition.ports(fullConfig(node))
  const most = Math.max(inputs.length, outputs.length)
  const shape = {
    ports: [...placed(inputs, 'in'), ...placed(outputs, 'out')],
    height: Math.max(bodyHeight, portMiddle + (most - 1) * portGap - (most > 1 ? 14 : 0) + 18),
  }
  shapes.set(node, shape)
  return shape
}

function placed(ports: readonly PortSpec[], side: 'in' | 'out'): PlacedPort[] {
  const first = ports.length === 1 ? portMiddle : portMiddle - 14
  return ports.map((port, i) => ({ ...port, side, y: first + i * (ports.length === 2 ? 30 : portGap) }))
}

/** A handle's id names its side too: an input and an output may have the same name. */
export const handleId = (side: 'in' | 'out', port: string) => `${side}:${port}`
export const portOf = (handle: string | null | undefined) =>
  (handle ?? '').slice((handle ?? '').indexOf(':') + 1)

export function handlesOf(shape: NodeShape) {
  return shape.ports.map((port) => ({
    id: handleId(port.side, port.name),
    type: port.side === 'in' ? ('target' as const) : ('source' as const),
    position: port.side === 'in' ? Position.Left : Position.Right,
    x: (port.side === 'in' ? 0 : nodeWidth) - portSize / 2,
    y: port.y - portSize / 2,
    width: portSize,
    height: portSize,
  }))
}
