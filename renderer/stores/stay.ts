/**
 * What belongs together for undo is told by hands, not by clocks: all that is typed between entering a text field and
 * leaving it, and all the steps of an arrow key that is held down. Each such stay has a number of its own.
 */
let number = 0

export function beginStay(): void {
  number += 1
}

/** The stay in the text field that has the focus; undefined for choices, each of which is a step. */
export const stayInField = (): number | undefined =>
  isTextField(document.activeElement) ? number : undefined

export const stayOnKey = (): number => number

/** Serves until the returned function is called. */
export function serveStays(): () => void {
  document.addEventListener('focusin', beginStay)
  document.addEventListener('focusout', beginStay)
  return () => {
    document.removeEventListener('focusin', beginStay)
    document.removeEventListener('focusout', beginStay)
  }
}

const isTextField = (element: Element | null): boolean =>
  element instanceof HTMLTextAreaElement ||
  (element instanceof HTMLInputElement && element.type !== 'checkbox' && element.type !== 'radio')
