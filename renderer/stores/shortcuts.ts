/** Keys for commands. Those that are letters do nothing while text is typed, or while a dialog is open. */
import { isTyping, matches } from '../parts/keys.ts'
import { commands } from './commands.ts'

export function serveShortcuts(): () => void {
  const key = (event: KeyboardEvent) => {
    if (event.defaultPrevented) return
    if (event.key === '/' && focusFind(event)) return
    const found = commands.find((command) => command.keys && matches(event, command.keys))
    if (!found) return
    if (!found.everywhere && (isTyping(event.target) || isWidgets(event))) return
    if (blocked() && found.id !== 'palette') return
    event.preventDefault()
    if (found.enabled?.() !== false) found.run()
  }
  document.addEventListener('keydown', key)
  return () => document.removeEventListener('keydown', key)
}

/** Enter and Space belong to the button or row that has the focus, every plain key to a menu or a divider. */
function isWidgets({ target, key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement) || target.closest('.canvas')) return false
  if (ctrlKey || metaKey || altKey) return false
  if (target.matches('[role="menuitem"], [role="separator"], hr')) return true
  return (key === 'Enter' || key === ' ') && target.matches('button, summary, a')
}

const blocked = () => document.querySelector('[role="dialog"][data-state="open"]') !== null

/** `/` goes to the search field of the side panel that is open. */
function focusFind(event: KeyboardEvent): boolean {
  if (isTyping(event.target) || blocked()) return false
  const field = document.querySelector<HTMLInputElement>('[data-find]')
  if (!field) return false
  event.preventDefault()
  field.focus()
  return true
}
