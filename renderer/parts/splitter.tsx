import type { KeyboardEvent, PointerEvent } from 'react'

/** A border that can be dragged, or moved with the arrow keys. Sizes are pixels. */
export function Splitter(props: {
  readonly label: string
  readonly axis: 'x' | 'y'
  /** Which way the pane grows: 1 to the right or down, -1 to the left or up. */
  readonly grows: 1 | -1
  readonly size: number
  readonly min: number
  readonly max: number
  readonly onSize: (size: number) => void
}) {
  const { axis, grows, size, min, max, onSize } = props
  const clamp = (value: number) => Math.round(Math.min(Math.max(value, min), Math.max(min, max)))
  const drag = (event: PointerEvent<HTMLElement>) => {
    event.preventDefault()
    const handle = event.currentTarget
    handle.setPointerCapture(event.pointerId)
    const from = axis === 'x' ? event.clientX : event.clientY
    const move = (moved: globalThis.PointerEvent) =>
      onSize(clamp(size + grows * ((axis === 'x' ? moved.clientX : moved.clientY) - from)))
    const end = () => handle.removeEventListener('pointermove', move)
    handle.addEventListener('pointermove', move)
    handle.addEventListener('pointerup', end, { once: true })
    handle.addEventListener('pointercancel', end, { once: true })
  }
  const key = (event: KeyboardEvent) => {
    const forward = axis === 'x' ? 'ArrowRight' : 'ArrowDown'
    const back = axis === 'x' ? 'ArrowLeft' : 'ArrowUp'
    if (event.key !== forward && event.key !== back) return
    event.preventDefault()
    onSize(clamp(size + grows * (event.key === forward ? 16 : -16)))
  }
  return (
    <hr
      className={`splitter splitter-${axis}`}
      tabIndex={0}
      aria-label={props.label}
      aria-orientation={axis === 'x' ? 'vertical' : 'horizontal'}
      aria-valuenow={size}
      aria-valuemin={min}
      aria-valuemax={max}
      onPointerDown={drag}
      onKeyDown={key}
    />
  )
}
