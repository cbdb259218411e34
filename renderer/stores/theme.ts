/** Dark or light: the system's choice, or one's own. Written to the root element, where the colours hang. */
import { useSyncExternalStore } from 'react'
import { useLayout } from './layout.ts'

const system = window.matchMedia('(prefers-color-scheme: dark)')

export function isDark(): boolean {
  const { theme } = useLayout.getState()
  return theme === 'system' ? system.matches : theme === 'dark'
}

export function followTheme(): () => void {
  const apply = () => {
    document.documentElement.dataset.theme = isDark() ? 'dark' : 'light'
  }
  apply()
  return subscribe(apply)
}

function subscribe(changed: () => void): () => void {
  const stop = useLayout.subscribe((state, before) => {
    if (state.theme !== before.theme) changed()
  })
  system.addEventListener('change', changed)
  return () => {
    stop()
    system.removeEventListener('change', changed)
  }
}

export const useDark = () => useSyncExternalStore(subscribe, isDark)
