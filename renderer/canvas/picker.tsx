import { Command as Menu } from 'cmdk'
import { CornerDownRight, Plus } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { NodeDefinition } from '../../engine/pipeline/definition.ts'
import { categories, definitionOf, iconOf, kindsOf } from '../parts/kinds.ts'
import { openDocument } from '../stores/document-store.ts'
import { addNode, connectPorts, fittingPort } from '../stores/edit-actions.ts'
import { type End, tryConnect } from './connecting.ts'
import { shapeOf } from './geometry.ts'
import { type Point, snapped } from './pointer.ts'

/** A list at a place on the canvas: kinds to add, or, with `connect`, ports to connect a node to. */
export interface PickerRequest {
  readonly screen: Point
  /** Where a new node goes, in the canvas's own measure. */
  readonly at: Point
  /** Wires the new node to this end. */
  readonly from?: End
  /** Wires it to the first free output of this node, where that fits. */
  readonly after?: string
  readonly connect?: string
}

const width = 288
const height = 320

export function Picker({ request, close }: { readonly request: PickerRequest; readonly close: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close()
    }
    window.addEventListener('pointerdown', outside, true)
    return () => window.removeEventListener('pointerdown', outside, true)
  }, [close])
  const left = Math.max(8, Math.min(request.screen.x, window.innerWidth - width - 8))
  const top = Math.max(8, Math.min(request.screen.y, window.innerHeight - height - 8))
  const label = request.connect ? 'Connect to' : 'Add a node'
  return (
    <div
      ref={box}
      className="float picker"
      role="dialog"
      aria-label={label}
      style={{ left, top, width, maxHeight: height }}
    >
      <Menu
        label={label}
        loop
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === 'Escape') close()
        }}
      >
        <Menu.Input
          placeholder={request.connect ? 'Connect to…' : request.from ? 'What fits here…' : 'Add a node…'}
          autoFocus
        />
        <Menu.List className="scroll">
          <Menu.Empty>Nothing of that name fits here.</Menu.Empty>
          {request.connect ? (
            <Targets node={request.connect} close={close} />
          ) : (
            <Kinds request={request} close={close} />
          )}
        </Menu.List>
      </Menu>
    </div>
  )
}

function Kinds({ request, close }: { readonly request: PickerRequest; readonly close: () => void }) {
  const end = request.from ?? outputOf(request.after)
  const fits = (definition: NodeDefinition) =>
    !request.from || fittingPort(request.from, definition) !== undefined
  return categories.map(({ category, title }) => {
    const kinds = kindsOf(category).filter(fits)
    if (kinds.length === 0) return null
    return (
      <Menu.Group key={category} heading={title} data-category={category}>
        {kinds.map((definition) => {
          const Icon = iconOf(definition)
          return (
            <Menu.Item
              key={definition.kind}
              value={`${definition.title} ${title} ${definition.kind}`}
              onSelect={() => {
                const port = end && fittingPort(end, definition)
                addNode(
                  definition.kind,
                  snapped(spot(request), false),
                  port && end ? { wire: { end, port } } : {},
                )
                close()
              }}
            >
              <Icon size={15} className="node-icon" aria-hidden />
              <span>{definition.title}</span>
              <span className="faint ellipsis grow">{definition.summary}</span>
            </Menu.Item>
          )
        })}
      </Menu.Group>
    )
  })
}

/** A node that is wired by its output ends where the pointer is; any other begins there. */
function spot({ at, from, after }: PickerRequest): Point {
  if (from?.side === 'in') return { x: at.x - 178, y: at.y - 46 }
  if (from) return { x: at.x, y: at.y - 46 }
  return after ? { x: at.x + 32, y: at.y } : at
}

function outputOf(node: string | undefined): End | undefined {
  const found = openDocument()?.nodes.find((other) => other.id === node)
  const port = found && shapeOf(found, definitionOf(found.kind)).ports.find((other) => other.side === 'out')
  return found && port ? { node: found.id, port: port.name, side: 'out' } : undefined
}

/** By keyboard: every input of every other node, those that refuse with their reason. */
function Targets({ node, close }: { readonly node: string; readonly close: () => void }) {
  const document = openDocument()
  const source = document?.nodes.find((other) => other.id === node)
  if (!document || !source) return null
  const outputs = shapeOf(source, definitionOf(source.kind)).ports.filter((port) => port.side === 'out')
  const rows = document.nodes
    .filter((other) => other.id !== node)
    .flatMap((other) =>
      outputs.flatMap((output) =>
        shapeOf(other, definitionOf(other.kind))
          .ports.filter((port) => port.side === 'in')
          .map((input) => {
            const from: End = { node, port: output.name, side: 'out' }
            const to: End = { node: other.id, port: input.name, side: 'in' }
            return { other, output, input, from, to, verdict: tryConnect(document, from, to) }
          }),
      ),
    )
    .sort((a, b) => Number(b.verdict.ok) - Number(a.verdict.ok))
  return rows.map(({ other, output, input, from, to, verdict }) => (
    <Menu.Item
      key={`${output.name}>${other.id}>${input.name}`}
      value={`${other.name} ${input.label} ${output.label} ${other.id} ${input.name} ${output.name}`}
      disabled={!verdict.ok}
      onSelect={() => {
        connectPorts(from, to)
        close()
      }}
    >
      {verdict.ok ? (
        <CornerDownRight size={14} aria-hidden />
      ) : (
        <Plus size={14} className="refused" aria-hidden />
      )}
      <span>
        {outputs.length > 1 && <span className="faint">{output.label || output.name} → </span>}
        {other.name} <span className="faint">{input.label || input.name}</span>
      </span>
      {!verdict.ok && <span className="faint ellipsis grow">{verdict.reason}</span>}
    </Menu.Item>
  ))
}
