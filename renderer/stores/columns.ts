/** Columns of the record table from field paths, by topic. */
import { create } from 'zustand'

export const useColumns = create<{ readonly paths: Readonly<Record<string, readonly string[]>> }>(() => ({
  paths: {},
}))

export function setColumns(topic: string, paths: readonly string[]): void {
  useColumns.setState((state) => ({ paths: { ...state.paths, [topic]: paths } }))
}
