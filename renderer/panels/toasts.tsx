import { CircleCheck, CircleX, X } from 'lucide-react'
import { IconButton } from '../parts/controls.tsx'
import { dismiss, useToasts } from '../stores/toasts.ts'

export function Toasts() {
  const toasts = useToasts((state) => state.toasts)
  return (
    <section className="toasts" aria-label="Messages" aria-live="polite">
      {toasts.map((shown) => (
        <div key={shown.id} className="float toast" role={shown.tone === 'failed' ? 'alert' : 'status'}>
          {shown.tone === 'done' ? (
            <CircleCheck size={15} className="good" aria-hidden />
          ) : (
            <CircleX size={15} className="bad" aria-hidden />
          )}
          <span className="grow">
            {shown.text}
            {shown.detail && <small className="muted">{shown.detail}</small>}
          </span>
          {shown.action && (
            <button type="button" className="link" onClick={shown.action.run}>
              {shown.action.label}
            </button>
          )}
          <IconButton icon={X} size={13} label="Dismiss" onClick={() => dismiss(shown.id)} />
        </div>
      ))}
    </section>
  )
}
