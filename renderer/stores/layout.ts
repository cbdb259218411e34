/** What is open and how large; remembered between sittings through the host's settings. */
import { create } from 'zustand'

export type SidePanel = 'nodes' | 'files' | 'topics' | 'groups' | 'cluster'
export type DockTab = 'records' | 'code' | 'problems' | 'log' | 'metrics'
export type InspectorTab = 'form' | 'state' | 'metrics' | 'notes'
export type Overlay = 'throughput' | 'lag' | 'busy' | 'errors'
export type ThemeChoice = 'system' | 'dark' | 'light'

export interface Layout {
  readonly side: SidePanel | undefined
  readonly inspectorOpen: boolean
  readonly dockOpen: boolean
  readonly dockMaximized: boolean
  readonly dockTab: DockTab
  readonly inspectorTab: InspectorTab
  readonly sideWidth: number
  readonly inspectorWidth: number
  readonly dockHeight: number
  readonly overlay: Overlay
  readonly minimap: boolean
  readonly snap: boolean
  readonly theme: ThemeChoice
}

/** A small window begins with the canvas alone. */
const roomy = typeof window !== 'undefined' && window.innerWidth >= 1200

export const useLayout = create<Layout>(() => ({
  side: roomy ? 'nodes' : undefined,
  inspectorOpen: true,
  dockOpen: false,
  dockMaximized: false,
  dockTab: 'problems',
  inspectorTab: 'form',
  sideWidth: 216,
  inspectorWidth: roomy ? 296 : 264,
  dockHeight: roomy ? 322 : 264,
  overlay: 'throughput',
  minimap: true,
  snap: true,
  theme: 'system',
}))

export const setLayout = (part: Partial<Layout>) => useLayout.setState(part)
export const showDock = (dockTab: DockTab) => setLayout({ dockTab, dockOpen: true })
export const toggleSide = (side: SidePanel) =>
  useLayout.setState((state) => ({ side: state.side === side ? undefined : side }))

const remembered = [
  'side',
  'inspectorOpen',
  'sideWidth',
  'inspectorWidth',
  'dockHeight',
  'overlay',
  'minimap',
  'snap',
  'theme',
] as const

export function layoutSettings(layout: Layout): Record<string, unknown> {
  return {
    ...Object.fromEntries(remembered.map((name) => [name, layout[name]])),
    side: layout.side ?? 'none',
  }
}

/** Takes what has the type it should have; settings may come from another version. */
export function restoreLayout(settings: Readonly<Record<string, unknown>>): void {
  const current = useLayout.getState()
  const fitting = remembered.filter((name) => {
    const value = settings[name]
    return name === 'side' ? isSide(value) : typeof value === typeof current[name] && value !== undefined
  })
  const restored = Object.fromEntries(fitting.map((name) => [name, settings[name]]))
  setLayout(restored.side === 'none' ? { ...restored, side: undefined } : restored)
}

const sides: readonly unknown[] = ['nodes', 'files', 'topics', 'groups', 'cluster', 'none']
const isSide = (value: unknown) => sides.includes(value)
