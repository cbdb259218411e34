import { useStoreApi, ViewportPortal } from '@xyflow/react'
import { useEffect, useRef } from 'react'
import { useDocument } from '../stores/document-store.ts'

/** Between two dots, in the document's pixels: four steps of the grid that nodes snap to. */
const gap = 20
/** Nearer to each other on screen, dots are a haze: then only every fifth is drawn. */
const gapMinOnScreen = 14
/** Further than anybody goes from the outermost node. */
const margin = 20_000

/**
 * What the nodes stand on: the canvas's colour and the grid's dots. It is inside of what is moved, and opaque, so that
 * Chromium takes ground, edges and nodes for one layer: panning then moves a picture. On a transparent ground every piece
 * of text becomes a layer of its own, hundreds of them.
 */
export function Ground() {
  const nodes = useDocument((state) => state.pipeline?.document.nodes)
  const place = useRef<HTMLDivElement>(null)
  const store = useStoreApi()
  useEffect(() => {
    let drawn: number | undefined
    const draw = () => {
      const zoom = store.getState().transform[2]
      const style = place.current?.style
      if (zoom === drawn || !style) return
      drawn = zoom
      const step = gap * zoom < gapMinOnScreen ? gap * 5 : gap
      style.backgroundSize = `${step}px ${step}px`
      style.backgroundPosition = `${-step / 2}px ${-step / 2}px`
      style.setProperty('--screen-pixel', `${1 / zoom}px`)
    }
    draw()
    return store.subscribe(draw)
  }, [store])
  const box = extent(nodes ?? [])
  return (
    <ViewportPortal>
      <div ref={place} className="canvas-ground" style={box} aria-hidden />
    </ViewportPortal>
  )
}

/** In whole steps of the coarsest grid, so that the dots stay where they are when it grows. */
function extent(nodes: readonly { readonly position: { readonly x: number; readonly y: number } }[]) {
  const whole = (value: number) => Math.round(value / 1000) * 1000
  const xs = nodes.map((node) => node.position.x)
  const ys = nodes.map((node) => node.position.y)
  const left = whole(Math.min(0, ...xs) - margin)
  const top = whole(Math.min(0, ...ys) - margin)
  return {
    left,
    top,
    width: whole(Math.max(0, ...xs) + margin) - left,
    height: whole(Math.max(0, ...ys) + margin) - top,
  }
}
