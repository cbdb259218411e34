import { type EdgeProps, getBezierPath } from '@xyflow/react'
import { memo, useEffect, useRef } from 'react'
import type { CanvasEdge } from './derive.ts'
import { attach, edgeText, edgeWidth, heat, isDetailed, setAttribute, setText } from './live-paint.ts'

/** One edge: a wide invisible path to grab, the drawn one, and a figure at its middle. */
export const EdgeView = memo(function EdgeView(props: EdgeProps<CanvasEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, selected } = props
  const [path, labelX, labelY] = getBezierPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
  })
  const drawn = useRef<SVGPathElement>(null)
  const label = useRef<SVGTextElement>(null)
  const running = data?.running === true
  const { target } = props
  useEffect(() => {
    if (!running) return
    return attach({
      paint(sample, overlay) {
        const perSec = sample?.edges[id]?.recordsPerSec
        const metrics = sample?.nodes[target]
        if (isDetailed()) {
          setText(label.current, edgeText(perSec, metrics, overlay))
          setAttribute(label.current, 'data-heat', heat(metrics, overlay))
        }
        setAttribute(drawn.current, 'data-heat', heat(metrics, overlay))
        setAttribute(drawn.current, 'data-flows', perSec ? 'yes' : 'no')
        const width = perSec ? edgeWidth(perSec).toFixed(2) : ''
        if (drawn.current && drawn.current.style.strokeWidth !== width)
          drawn.current.style.strokeWidth = width
      },
    })
  }, [id, target, running])
  const look = `edge-path ${data?.table ? 'table' : ''} ${data?.broken ? 'broken' : ''} ${selected ? 'selected' : ''} ${data?.spliceTarget ? 'splice' : ''}`
  return (
    <>
      <path
        d={path}
        className="react-flow__edge-interaction"
        fill="none"
        strokeWidth={22}
        strokeOpacity={0}
      />
      <path key={running ? 'live' : 'still'} ref={drawn} d={path} className={look} fill="none" />
      {running && (
        <text ref={label} x={labelX} y={labelY - 9} className="edge-label figures" textAnchor="middle" />
      )}
    </>
  )
})
