import { Handle, type NodeProps, Position } from '@xyflow/react'
import { Ban, CircleHelp } from 'lucide-react'
import { memo, useEffect, useRef } from 'react'
import type { NodeDefinition, SentencePart } from '../../engine/pipeline/definition.ts'
import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { figure } from '../parts/format.ts'
import { keyed } from '../parts/keyed.ts'
import { fullConfig, iconOf } from '../parts/kinds.ts'
import { showErrorsOf } from '../stores/reveal.ts'
import { useConnecting } from './connecting.ts'
import type { CanvasNode } from './derive.ts'
import { handleId, type PlacedPort } from './geometry.ts'
import { attach, footerText, isDetailed, setAttribute, setText, sparkline } from './live-paint.ts'

/** One node: header, its configuration as a sentence, and a footer while it runs. */
export const NodeView = memo(function NodeView({ id, data, selected }: NodeProps<CanvasNode>) {
  const { node, definition, shape, state } = data
  const Icon = iconOf(definition)
  const outputs = shape.ports.filter((port) => port.side === 'out').length
  return (
    <div
      className={`node ${selected ? 'selected' : ''} ${node.bypass ? 'bypassed' : ''} ${state.errors ? 'broken' : ''} ${state.restricted ? 'restricted' : ''}`}
      data-category={definition?.category}
      style={{ height: data.height }}
    >
      <span className="node-bar" />
      <header>
        <Icon size={15} className="node-icon" aria-hidden />
        <span className="node-name ellipsis">{node.name}</span>
        {state.changed && <span className="node-changed" title="Changed since it ran" />}
        {state.errors > 0 && (
          <span className="count" title={`${state.errors} ${state.errors === 1 ? 'problem' : 'problems'}`}>
            {state.errors}
          </span>
        )}
        {node.bypass && <Ban size={13} className="faint" aria-label="bypassed" />}
        {data.running ? <Failures id={id} /> : null}
        <StateDot id={id} running={data.running} broken={state.errors > 0} />
      </header>
      <Sentence node={node} definition={definition} />
      {data.running && <Footer id={id} definition={definition} />}
      {shape.ports.map((port) => (
        <Port key={handleId(port.side, port.name)} node={id} port={port} labelled={outputs > 1} />
      ))}
    </div>
  )
})

function Sentence({
  node,
  definition,
}: {
  readonly node: PipelineNode
  readonly definition: NodeDefinition | undefined
}) {
  if (!definition) {
    return (
      <p className="node-sentence bad">
        <CircleHelp size={12} aria-hidden /> unknown kind “{node.kind}”
      </p>
    )
  }
  return (
    <p className="node-sentence">
      {node.bypass && 'bypassed · '}
      {keyed(definition.sentence(fullConfig(node)), textOfPart).map(({ key, item }) =>
        typeof item === 'string' ? item : <code key={key}>{item.code}</code>,
      )}
    </p>
  )
}

const textOfPart = (part: SentencePart) => (typeof part === 'string' ? part : part.code)

function StateDot(props: { readonly id: string; readonly running: boolean; readonly broken: boolean }) {
  const dot = useRef<HTMLSpanElement>(null)
  const { id, running, broken } = props
  useEffect(
    () =>
      attach({
        paint(sample) {
          const metrics = sample?.nodes[id]
          const tone = broken || (running && metrics?.lastError) ? 'red' : running && metrics ? 'green' : ''
          setAttribute(dot.current, 'class', `dot ${tone}`)
          setAttribute(dot.current, 'title', tone === 'red' ? 'has errors' : tone ? 'running' : 'not running')
        },
      }),
    [id, running, broken],
  )
  return <span ref={dot} className="dot" />
}

/** A count of failed and dropped records that opens what it counts. */
function Failures({ id }: { readonly id: string }) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(
    () =>
      attach({
        paint(sample) {
          const metrics = sample?.nodes[id]
          const count = metrics ? metrics.failed || (metrics.lastError?.count ?? 0) : 0
          if (button.current) button.current.hidden = count === 0
          setText(button.current, figure(count))
        },
      }),
    [id],
  )
  return (
    <button
      ref={button}
      type="button"
      className="count amber nodrag"
      aria-label="Failed records: show them"
      hidden
      onClick={() => showErrorsOf(id)}
    />
  )
}

const sparkWidth = 44
const sparkHeight = 12

function Footer({
  id,
  definition,
}: {
  readonly id: string
  readonly definition: NodeDefinition | undefined
}) {
  const text = useRef<HTMLSpanElement>(null)
  const spark = useRef<SVGPathElement>(null)
  const busy = useRef<HTMLSpanElement>(null)
  const category = definition?.category
  useEffect(
    () =>
      attach({
        paint(sample, overlay) {
          if (!isDetailed()) return
          const metrics = sample?.nodes[id]
          setText(
            text.current,
            footerText(
              metrics,
              overlay,
              sample?.state === 'idle',
              category === 'source',
              category === 'sink',
            ) || 'waiting',
          )
          setAttribute(spark.current, 'd', sparkline(id, sparkWidth, sparkHeight))
          const share = Math.min(1, metrics?.busy ?? 0)
          if (busy.current) busy.current.style.transform = `scaleX(${share.toFixed(3)})`
        },
      }),
    [id, category],
  )
  return (
    <footer>
      <span ref={text} className="figures ellipsis" />
      <svg width={sparkWidth} height={sparkHeight} aria-hidden="true">
        <path ref={spark} />
      </svg>
      <span className="node-busy">
        <span ref={busy} />
      </span>
    </footer>
  )
}

const shapesInWords = { stream: 'stream', table: 'table', 'windowed-table': 'windowed table' }

function Port(props: { readonly node: string; readonly port: PlacedPort; readonly labelled: boolean }) {
  const { node, port } = props
  const id = handleId(port.side, port.name)
  const standing = useConnecting((state) => state.standing?.get(`${node}/${id}`))
  return (
    <>
      <Handle
        id={id}
        type={port.side === 'in' ? 'target' : 'source'}
        position={port.side === 'in' ? Position.Left : Position.Right}
        className={`port port-${port.type} ${standing ?? ''}`}
        style={{ top: port.y }}
        aria-label={`${port.side === 'in' ? 'Input' : 'Output'} ${port.label || port.name}, ${shapesInWords[port.type]}`}
        title={`${port.label || port.name} · ${shapesInWords[port.type]}`}
      />
      {props.labelled && port.side === 'out' && (
        <span className="port-label" style={{ top: port.y }}>
          {port.label || port.name}
        </span>
      )}
    </>
  )
}
