import { CircleX } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { create } from 'zustand'
import { openDocument } from '../stores/document-store.ts'
import { portForBody, tryConnect, useConnecting } from './connecting.ts'
import { portOf } from './geometry.ts'
import { handleUnder, nodeUnder, type Point } from './pointer.ts'

/** A refusal that stays for a moment after the connection was let go. */
const useRefusal = create<{ readonly at: Point | undefined; readonly reason: string }>(() => ({
  at: undefined,
  reason: '',
}))

const shownMs = 3500
let timer: ReturnType<typeof setTimeout> | undefined

export function tellAt(at: Point, reason: string): void {
  useRefusal.setState({ at, reason })
  clearTimeout(timer)
  timer = setTimeout(() => useRefusal.setState({ at: undefined }), shownMs)
}

/** Why the port or the node under the pointer would refuse the connection that is being drawn; and why it did. */
export function ConnectionHint() {
  const from = useConnecting((state) => state.from)
  const refusal = useRefusal()
  const hint = useRef<HTMLDivElement>(null)
  const text = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (!from) return
    useRefusal.setState({ at: undefined })
    const follow = (event: PointerEvent) => {
      if (!hint.current || !text.current) return
      const reason = reasonAt({ x: event.clientX, y: event.clientY })
      hint.current.hidden = reason === undefined
      if (reason === undefined) return
      text.current.textContent = reason
      hint.current.style.transform = `translate(${event.clientX + 14}px, ${event.clientY + 14}px)`
    }
    window.addEventListener('pointermove', follow)
    return () => window.removeEventListener('pointermove', follow)
  }, [from])
  if (from) {
    return (
      <div ref={hint} className="connection-hint" hidden>
        <CircleX size={14} aria-hidden />
        <span ref={text} />
      </div>
    )
  }
  if (!refusal.at) return null
  return (
    <div
      className="connection-hint"
      role="alert"
      style={{ transform: `translate(${refusal.at.x + 14}px, ${refusal.at.y + 14}px)` }}
    >
      <CircleX size={14} aria-hidden />
      <span>{refusal.reason}</span>
    </div>
  )
}

function reasonAt(point: Point): string | undefined {
  const document = openDocument()
  const { from } = useConnecting.getState()
  if (!document || !from) return undefined
  const port = handleUnder(point)
  if (port) {
    const end = {
      node: port.node,
      port: portOf(port.handle),
      side: port.handle.startsWith('in:') ? 'in' : 'out',
    } as const
    if (end.node === from.node && end.port === from.port) return undefined
    const verdict = tryConnect(document, from, end)
    return verdict.ok ? undefined : verdict.reason
  }
  const node = nodeUnder(point)
  if (!node || node === from.node) return undefined
  const end = portForBody(document, from, node)
  return 'reason' in end ? end.reason : undefined
}
