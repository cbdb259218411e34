/** Shortcuts as texts such as `mod+shift+z`: `mod` is ⌘ on a Mac and Ctrl elsewhere. */
const onMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

const names: Readonly<Record<string, string>> = onMac
  ? { mod: '⌘', shift: '⇧', alt: '⌥', enter: '↵', delete: '⌫', escape: 'Esc', arrows: '←↑↓→' }
  : { mod: 'Ctrl', shift: 'Shift', alt: 'Alt', enter: 'Enter', delete: 'Del', escape: 'Esc', arrows: '←↑↓→' }

export function keysText(keys: string): string {
  const parts = keys.split('+').map((part) => names[part] ?? part.toUpperCase())
  return parts.join(onMac ? '' : '+')
}

export function matches(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+')
  const key = parts.at(-1)
  const mod = onMac ? event.metaKey : event.ctrlKey
  return (
    mod === parts.includes('mod') &&
    event.altKey === parts.includes('alt') &&
    (event.shiftKey === parts.includes('shift') || isSymbol(key)) &&
    keyOf(event) === key
  )
}

/** `?` needs Shift on most keyboards; the shortcut means the sign. */
const isSymbol = (key: string | undefined) => key !== undefined && key.length === 1 && !/[a-z0-9]/.test(key)

function keyOf(event: KeyboardEvent): string {
  const key = event.key.toLowerCase()
  return key === 'backspace' ? 'delete' : key
}

/** Where typing means text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    target.matches('input, textarea, select') ||
    target.closest('.monaco-editor') !== null
  )
}
