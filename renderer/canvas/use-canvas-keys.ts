import { type RefObject, useEffect } from 'react'
import { isTyping } from '../parts/keys.ts'
import { requestFit } from '../stores/canvas-requests.ts'
import { openDocument } from '../stores/document-store.ts'
import { copyText, moveNodes, pasteText } from '../stores/edit-actions.ts'
import { clearSelection, select, useSelection } from '../stores/selection.ts'
import { beginStay, stayOnKey } from '../stores/stay.ts'

/** Copy, cut and paste by the browser's own events, and going from node to node with Ctrl and the arrows. */
export function useCanvasKeys(pane: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onCanvas = (event: Event) => {
      const inside =
        pane.current?.contains(document.activeElement) || document.activeElement === document.body
      return inside && !isTyping(event.target) && !hasTextSelection()
    }
    const copy = (event: ClipboardEvent) => {
      if (!onCanvas(event)) return
      const text = copyText(event.type === 'cut')
      if (text === undefined) return
      event.clipboardData?.setData('text/plain', text)
      event.preventDefault()
    }
    const paste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData('text/plain')
      if (!text || !onCanvas(event)) return
      event.preventDefault()
      pasteText(text)
    }
    const key = (event: KeyboardEvent) => {
      if (!onCanvas(event)) return
      if (event.key === 'Escape') clearSelection()
      const direction = directions[event.key]
      const goes = event.ctrlKey || event.metaKey
      if (direction && !event.repeat) beginStay()
      if (!direction || (!goes && (event.altKey || movesByItself()))) return
      event.preventDefault()
      event.stopPropagation()
      if (goes) goTo(direction)
      else moveSelected(direction, event.shiftKey ? bigStep : smallStep)
    }
    document.addEventListener('copy', copy)
    document.addEventListener('cut', copy)
    document.addEventListener('paste', paste)
    document.addEventListener('keydown', key, true)
    return () => {
      document.removeEventListener('copy', copy)
      document.removeEventListener('cut', copy)
      document.removeEventListener('paste', paste)
      document.removeEventListener('keydown', key, true)
    }
  }, [pane])
}

const hasTextSelection = () => {
  const chosen = window.getSelection()
  return chosen !== null && !chosen.isCollapsed && chosen.toString() !== ''
}

/** React Flow moves the selection when one of its nodes has the focus. */
const movesByItself = () => document.activeElement?.closest('.react-flow__node') != null

const smallStep = 5
const bigStep = 20

function moveSelected({ x, y }: { readonly x: number; readonly y: number }, step: number): void {
  const { nodes } = useSelection.getState()
  const moved = openDocument()?.nodes.filter((node) => nodes.has(node.id)) ?? []
  moveNodes(
    moved.map(({ id, position }) => ({ id, x: position.x + x * step, y: position.y + y * step })),
    stayOnKey(),
  )
}

const directions: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}

/** The nearest node that way, sideways distance counting double. */
function goTo({ x, y }: { readonly x: number; readonly y: number }): void {
  const nodes = openDocument()?.nodes ?? []
  const [current] = useSelection.getState().nodes
  const from = nodes.find((node) => node.id === current)
  if (!from) {
    if (nodes[0]) select([nodes[0].id])
    return
  }
  const scored = nodes.flatMap((node) => {
    const dx = node.position.x - from.position.x
    const dy = node.position.y - from.position.y
    const along = dx * x + dy * y
    const across = Math.abs(dx * y) + Math.abs(dy * x)
    return along > 0 ? [{ id: node.id, score: along + 2 * across }] : []
  })
  const best = scored.sort((a, b) => a.score - b.score)[0]
  if (!best) return
  select([best.id])
  document
    .querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(best.id)}"]`)
    ?.focus({ preventScroll: true })
  if (!document.querySelector(`.react-flow__node[data-id="${CSS.escape(best.id)}"]`)) requestFit([best.id])
}
