/** What is selected: nodes and edges of the canvas. Not part of the document and not undone. */
import { create } from 'zustand'

interface Selection {
  readonly nodes: ReadonlySet<string>
  readonly edges: ReadonlySet<string>
}

const none: ReadonlySet<string> = new Set()

export const useSelection = create<Selection>(() => ({ nodes: none, edges: none }))

export function select(nodes: Iterable<string>, edges: Iterable<string> = none): void {
  useSelection.setState({ nodes: new Set(nodes), edges: new Set(edges) })
}

export const clearSelection = () => select(none)

/** The node that the inspector shows: the only one selected. */
export function useSelectedNode(): string | undefined {
  return useSelection((state) => (state.nodes.size === 1 ? [...state.nodes][0] : undefined))
}
