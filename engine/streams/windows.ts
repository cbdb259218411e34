import { MillraceError } from '../base/errors.ts'
import type { WindowSpec } from './api.ts'

/** Windows [k·size, (k+1)·size): each record lies in one. */
export function tumbling(options: { readonly sizeMs: number; readonly graceMs?: number }): WindowSpec {
  return { type: 'tumbling', sizeMs: options.sizeMs, graceMs: options.graceMs ?? 0 }
}

/** Windows of `sizeMs` that begin at every multiple of `advanceMs`: each record lies in several. */
export function hopping(options: {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs?: number
}): WindowSpec {
  const { sizeMs, advanceMs, graceMs = 0 } = options
  return { type: 'hopping', sizeMs, advanceMs, graceMs }
}

/** @throws MillraceError BAD_WINDOW */
export function checkWindow(window: WindowSpec, retentionMs: number | undefined, step: string): void {
  const wrong = wrongWith(window, retentionMs)
  if (wrong !== undefined) {
    throw new MillraceError({
      code: 'BAD_WINDOW',
      what: wrong,
      where: step,
      remedy: 'correct the window; sizes are whole milliseconds',
    })
  }
}

function wrongWith(window: WindowSpec, retentionMs: number | undefined): string | undefined {
  const { sizeMs, graceMs } = window
  if (!(Number.isSafeInteger(sizeMs) && sizeMs > 0)) return `the window's size is ${sizeMs}, not above 0`
  if (!(Number.isSafeInteger(graceMs) && graceMs >= 0)) return `the grace is ${graceMs}, below 0`
  if (window.type === 'hopping') {
    const { advanceMs } = window
    if (!(Number.isSafeInteger(advanceMs) && advanceMs > 0)) return `the advance is ${advanceMs}, not above 0`
    if (advanceMs > sizeMs) return `the advance (${advanceMs} ms) is larger than the size (${sizeMs} ms)`
  }
  if (retentionMs !== undefined && retentionMs < sizeMs + graceMs) {
    return `the retention (${retentionMs} ms) is less than size and grace (${sizeMs + graceMs} ms)`
  }
  return undefined
}
