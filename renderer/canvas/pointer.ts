import type React from 'react'

export interface Point {
  readonly x: number
  readonly y: number
}

/** What a palette entry carries while it is dragged. */
export const kindType = 'application/x-millrace-node'

export function pointOf(event: MouseEvent | TouchEvent | React.MouseEvent | React.TouchEvent): Point {
  const at = 'clientX' in event ? event : (event.changedTouches[0] ?? { clientX: 0, clientY: 0 })
  return { x: at.clientX, y: at.clientY }
}

const grid = 8

/** To the grid, unless the bypass key is held. */
export function snapped(point: Point, free: boolean): Point {
  const round = (value: number) => (free ? Math.round(value) : Math.round(value / grid) * grid)
  return { x: round(point.x), y: round(point.y) }
}

/** The edge whose wide hit area lies under a point of the screen; the dragged node itself does not count. */
export function edgeUnder(point: Point): string | undefined {
  return idUnder(point, '.react-flow__edge')
}

export function nodeUnder(point: Point): string | undefined {
  return idUnder(point, '.react-flow__node')
}

/** The handle's id under a point. */
export function handleUnder(point: Point): { readonly node: string; readonly handle: string } | undefined {
  const found = document
    .elementsFromPoint(point.x, point.y)
    .find((element) => element.closest('.react-flow__handle'))
  const handle = found?.closest('.react-flow__handle')
  const node = handle?.getAttribute('data-nodeid')
  const id = handle?.getAttribute('data-handleid')
  return node && id ? { node, handle: id } : undefined
}

function idUnder(point: Point, selector: string): string | undefined {
  for (const element of document.elementsFromPoint(point.x, point.y)) {
    const id = element.closest(selector)?.getAttribute('data-id')
    if (id) return id
  }
  return undefined
}
