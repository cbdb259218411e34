import { useSyncExternalStore } from 'react'
import type { Command } from './commands.ts'
import { useDocument } from './document-store.ts'
import { useLayout } from './layout.ts'
import { useRun } from './run.ts'
import { useSelection } from './selection.ts'

/** All that a command's `enabled` may look at. */
const stores = [useDocument, useRun, useSelection, useLayout] as const

const subscribe = (changed: () => void) => {
  const stops = stores.map((store) => store.subscribe(changed))
  return () => {
    for (const stop of stops) stop()
  }
}

/** Whether it can be run now; what shows it is rendered again when that changes. */
export function useEnabled({ enabled }: Command): boolean {
  return useSyncExternalStore(subscribe, () => enabled?.() !== false)
}
