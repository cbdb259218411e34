/** Results of the person's own actions, with undo where there is one. */
import { create } from 'zustand'
import { MillraceError } from '../../engine/base/errors.ts'

export interface Toast {
  readonly id: number
  readonly tone: 'done' | 'failed'
  readonly text: string
  readonly detail?: string
  readonly action?: { readonly label: string; readonly run: () => void }
}

export const useToasts = create<{ readonly toasts: readonly Toast[] }>(() => ({ toasts: [] }))

const shownMs = { done: 4000, failed: 12_000 }
let nextId = 1

export function toast(made: Omit<Toast, 'id'>): void {
  const id = nextId++
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts.slice(-2), { ...made, id }] }))
  setTimeout(() => dismiss(id), shownMs[made.tone])
}

export function dismiss(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((shown) => shown.id !== id) }))
}

/** Says what went wrong, where, and what to do. */
export function tellFailure(action: string, thrown: unknown): void {
  const error = MillraceError.from(thrown)
  const where = error.where ? ` (${error.where})` : ''
  toast({
    tone: 'failed',
    text: `${action} did not work: ${error.what}${where}`,
    detail: error.remedy && capital(error.remedy),
  })
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
