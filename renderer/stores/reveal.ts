/** Going to where something is: a node, a field, a line of code, a topic's records. */
import { create } from 'zustand'
import type { Problem } from '../../engine/pipeline/problem.ts'
import { definitionOf } from '../parts/kinds.ts'
import { requestFit } from './canvas-requests.ts'
import { openDocument } from './document-store.ts'
import { setLayout, showDock, useLayout } from './layout.ts'
import { latestSample } from './live.ts'
import { select } from './selection.ts'

interface Reveal {
  /** The processor file in the code tab, and where to put the cursor. */
  readonly file: string | undefined
  readonly position: { readonly line: number; readonly column: number; readonly sequence: number } | undefined
  /** The topic in the records tab. */
  readonly topic: string | undefined
  /** A field of the inspected node that should have the focus. */
  readonly field: { readonly path: string; readonly sequence: number } | undefined
}

export const useReveal = create<Reveal>(() => ({
  file: undefined,
  position: undefined,
  topic: undefined,
  field: undefined,
}))

let sequence = 0

export function showNode(node: string): void {
  select([node])
  requestFit([node])
}

export function showField(node: string, path: string): void {
  showNode(node)
  setLayout({ inspectorOpen: true, inspectorTab: 'form' })
  useReveal.setState({ field: { path, sequence: ++sequence } })
}

export function showFile(file: string, line?: number, column = 1): void {
  useReveal.setState({
    file,
    position: line === undefined ? undefined : { line, column, sequence: ++sequence },
  })
  showDock('code')
}

export function showTopic(topic: string): void {
  useReveal.setState({ topic })
  showDock('records')
}

/** The file that a node's code lives in. */
export function codeFileOf(node: string): string | undefined {
  const found = openDocument()?.nodes.find((other) => other.id === node)
  const field = found && definitionOf(found.kind)?.codeField
  const path = field && found.config[field]
  return typeof path === 'string' && path !== '' ? path : undefined
}

export function showCodeOf(node: string): boolean {
  const file = codeFileOf(node)
  if (!file) return false
  showFile(file)
  return true
}

export function showProblem(problem: Problem): void {
  if (problem.file) {
    if (problem.node) select([problem.node])
    showFile(problem.file.path, problem.file.line, problem.file.column)
  } else if (problem.node && problem.field) showField(problem.node, problem.field)
  else if (problem.node) showNode(problem.node)
  else if (problem.edge) {
    const edge = openDocument()?.edges.find((other) => other.id === problem.edge)
    if (!edge) return
    select([], [edge.id])
    requestFit([edge.from.node, edge.to.node])
  }
}

/** What failed at a node: its metrics with the last error, and the topic's records when it has one. */
export function showErrorsOf(node: string): void {
  select([node])
  setLayout({ inspectorOpen: true, inspectorTab: 'metrics' })
  const topic = latestSample()?.nodes[node]?.topic
  if (topic && useLayout.getState().dockTab === 'records') showTopic(topic)
}

/** The topic that a node reads or writes: what the run says, else what its configuration names. */
export function topicOf(node: string): string | undefined {
  const running = latestSample()?.nodes[node]?.topic
  if (running) return running
  const found = openDocument()?.nodes.find((other) => other.id === node)
  const field = found && definitionOf(found.kind)?.fields.find((spec) => spec.type === 'topic')
  const topic = field && found.config[field.name]
  return typeof topic === 'string' && topic !== '' ? topic : undefined
}

/** Records of what flows through an edge: the nearest topic upstream of it, else downstream. */
export function topicOfEdge(edge: string): string | undefined {
  const document = openDocument()
  const found = document?.edges.find((other) => other.id === edge)
  if (!document || !found) return undefined
  return nearestTopic(found.from.node, 'up') ?? nearestTopic(found.to.node, 'down')
}

/** The topic nearest to a node: its own, else where its records go, else where they come from. */
export const topicNear = (node: string) => nearestTopic(node, 'down') ?? nearestTopic(node, 'up')

/** Depth first, so that a join's main input comes before its table. */
function nearestTopic(start: string, direction: 'up' | 'down'): string | undefined {
  const edges = openDocument()?.edges ?? []
  const seen = new Set<string>()
  const visit = (node: string): string | undefined => {
    if (seen.has(node)) return undefined
    seen.add(node)
    const topic = topicOf(node)
    if (topic) return topic
    for (const edge of edges) {
      const [here, there] =
        direction === 'up' ? [edge.to.node, edge.from.node] : [edge.from.node, edge.to.node]
      const found = here === node ? visit(there) : undefined
      if (found) return found
    }
    return undefined
  }
  return visit(start)
}
