/**
 * Live figures, written straight into the elements that show them. React renders the elements once; four times a second
 * this compares each text with the last and touches only what changed.
 */
import type { NodeMetrics, Sample } from '../../engine/host/contract.ts'
import { behind, figure, percent, rate } from '../parts/format.ts'
import { type Overlay, useLayout } from '../stores/layout.ts'
import { throughputOf, watchSamples } from '../stores/live.ts'

export function setText(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text
}

export function setAttribute(element: Element | null, name: string, value: string): void {
  if (element && element.getAttribute(name) !== value) element.setAttribute(name, value)
}

interface Painter {
  paint(sample: Sample | undefined, overlay: Overlay): void
}

const painters = new Set<Painter>()

/** For as long as the element is on screen. Painted at once with what is known. */
export function attach(painter: Painter): () => void {
  painters.add(painter)
  painter.paint(latest, useLayout.getState().overlay)
  return () => void painters.delete(painter)
}

let latest: Sample | undefined
let detailed = true

/** Whether figures can be read at this zoom: those that can not are not written. */
export const isDetailed = () => detailed

export function setDetailed(next: boolean): void {
  if (detailed === next) return
  detailed = next
  paintAll()
}

const paintAll = () => {
  const { overlay } = useLayout.getState()
  for (const painter of painters) painter.paint(latest, overlay)
}

watchSamples((sample) => {
  latest = sample
  paintAll()
})

useLayout.subscribe((state, before) => {
  if (state.overlay !== before.overlay) paintAll()
})

/** The node's footer in words: what goes in and out (in all, once the run waits), or what the overlay asks for. */
export function footerText(
  metrics: NodeMetrics | undefined,
  overlay: Overlay,
  resting: boolean,
  source: boolean,
  sink: boolean,
): string {
  if (!metrics) return ''
  if (overlay === 'lag') return metrics.lagRecords === undefined ? 'no lag of its own' : lagText(metrics)
  if (overlay === 'busy') return `busy ${percent(metrics.busy)}`
  if (overlay === 'errors') return `${figure(metrics.failed)} failed · ${figure(metrics.dropped)} dropped`
  if (resting && !metrics.lagRecords) {
    const total = source ? figure(metrics.out) : sink ? figure(metrics.in) : undefined
    return total ? `${total} in all` : `${figure(metrics.in)} → ${figure(metrics.out)}`
  }
  if (source)
    return metrics.lagRecords
      ? `lag ${figure(metrics.lagRecords)} → ${rate(metrics.outPerSec)}`
      : `→ ${rate(metrics.outPerSec)}`
  if (sink) return `${rate(metrics.inPerSec)} in`
  return `${rate(metrics.inPerSec)} → ${rate(metrics.outPerSec)}`
}

export const lagText = (metrics: NodeMetrics) =>
  `lag ${figure(metrics.lagRecords)}${metrics.lagMs === undefined ? '' : ` · ${behind(metrics.lagMs)}`}`

/** An SVG path through the last minute's throughput, for a box of the given size. */
export function sparkline(node: string, width: number, height: number): string {
  const values = throughputOf(node)
  if (values.length < 2) return ''
  const points = thinned(values, 40)
  const top = Math.max(...points, 1e-9)
  // Steady figures look steady: the box spans at least a fifth of the highest.
  const bottom = Math.min(Math.min(...points), top * 0.8)
  const step = width / (points.length - 1)
  return points
    .map(
      (value, i) =>
        `${i ? 'L' : 'M'}${(i * step).toFixed(1)} ${(height - 1 - ((value - bottom) / (top - bottom)) * (height - 2)).toFixed(1)}`,
    )
    .join('')
}

function thinned(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values]
  const size = values.length / count
  return Array.from({ length: count }, (_, i) => {
    const slice = values.slice(
      Math.floor(i * size),
      Math.max(Math.floor(i * size) + 1, Math.floor((i + 1) * size)),
    )
    return slice.reduce((sum, value) => sum + value, 0) / slice.length
  })
}

/** 1.5 to 5 pixels, by the order of magnitude of the records a second. */
export const edgeWidth = (recordsPerSec: number) =>
  recordsPerSec <= 0 ? 1.5 : Math.min(5, 1.5 + Math.round(Math.max(0, Math.log10(recordsPerSec)) * 1.5) / 2)

export type Heat = 'calm' | 'warm' | 'hot'

/** How bad it is where an edge ends, in the overlay's measure. */
export function heat(target: NodeMetrics | undefined, overlay: Overlay): Heat {
  if (!target) return 'calm'
  if (overlay === 'lag') return level(target.lagMs ?? 0, 2000, 10_000)
  if (overlay === 'busy') return level(target.busy, 0.7, 0.9)
  if (overlay === 'errors') return target.failed > 0 ? 'hot' : target.dropped > 0 ? 'warm' : 'calm'
  return level(target.busy, 0.85, 0.97)
}

const level = (value: number, warm: number, hot: number): Heat =>
  value >= hot ? 'hot' : value >= warm ? 'warm' : 'calm'

export function edgeText(
  recordsPerSec: number | undefined,
  target: NodeMetrics | undefined,
  overlay: Overlay,
): string {
  if (overlay === 'throughput') return recordsPerSec ? rate(recordsPerSec) : ''
  if (!target) return ''
  if (overlay === 'busy') return percent(target.busy)
  if (overlay === 'errors') return target.failed ? `${figure(target.failed)} failed` : ''
  return target.lagMs === undefined ? '' : behind(target.lagMs)
}
