import type { Connection, EdgeChange, NodeChange } from '@xyflow/react'
import { useCallback, useMemo, useRef, useState } from 'react'
import { useAnalysis } from '../stores/analysis.ts'
import { useChangedNodes } from '../stores/changed.ts'
import { openDocument, useDocument } from '../stores/document-store.ts'
import { connectPorts, moveNodes, reconnectEdge } from '../stores/edit-actions.ts'
import { useOwnRun, useRunning } from '../stores/run.ts'
import { select, useSelection } from '../stores/selection.ts'
import { stayOnKey } from '../stores/stay.ts'
import { tryConnect } from './connecting.ts'
import { type CanvasEdge, type CanvasNode, Derivation } from './derive.ts'
import { portOf } from './geometry.ts'
import { snapped } from './pointer.ts'

type Positions = ReadonlyMap<string, { readonly x: number; readonly y: number }>
const none: Positions = new Map()

/** React Flow's nodes and edges, derived from the document, and its changes turned into edits. */
export function useCanvasElements(splice: string | undefined) {
  const pipeline = useDocument((state) => state.pipeline)
  const problems = useAnalysis((state) => state.problems)
  const selection = useSelection()
  const running = useRunning(pipeline?.path)
  const changed = useChangedNodes()
  const [dragged, setDragged] = useState<Positions>(none)
  const latestDrag = useRef<Positions>(none)
  const [derivation] = useState(() => new Derivation())

  const document = pipeline?.document
  const own = useOwnRun(pipeline?.path)
  const failed = own?.state === 'failed' ? own.failure?.node : undefined
  const restricted = pipeline?.trusted === false
  const { nodes: selectedNodes, edges: selectedEdges } = selection
  const nodes = useMemo(
    (): CanvasNode[] =>
      document
        ? derivation.nodes({
            document,
            problems,
            selectedNodes,
            dragged,
            running,
            changed,
            restricted,
            failed,
          })
        : [],
    [derivation, document, problems, selectedNodes, dragged, running, changed, restricted, failed],
  )
  // Apart from the nodes: those change in every frame of a drag.
  const edges = useMemo(
    (): CanvasEdge[] =>
      document ? derivation.edges({ document, problems, selectedEdges, running, splice }) : [],
    [derivation, document, problems, selectedEdges, running, splice],
  )

  const drag = useCallback((positions: Positions) => {
    latestDrag.current = positions
    setDragged(positions)
  }, [])

  const onNodesChange = useCallback(
    (changes: NodeChange<CanvasNode>[]) => {
      applySelection(changes, 'nodes')
      const moves = changes.flatMap((change) =>
        change.type === 'position' && change.position
          ? [{ id: change.id, dragging: change.dragging, ...change.position }]
          : [],
      )
      if (moves.length === 0) return
      if (moves.some((move) => move.dragging)) {
        drag(new Map([...latestDrag.current, ...moves.map(({ id, x, y }) => [id, { x, y }] as const)]))
      } else if (latestDrag.current.size === 0) {
        // The arrow keys.
        moveNodes(
          moves.map(({ id, x, y }) => ({ id, x: Math.round(x), y: Math.round(y) })),
          stayOnKey(),
        )
      }
    },
    [drag],
  )

  const endDrag = useCallback(() => {
    const moves = [...latestDrag.current].map(([id, position]) => ({ id, ...snapped(position, false) }))
    drag(none)
    moveNodes(moves)
  }, [drag])

  const props = useMemo(
    () => ({
      onNodesChange,
      onEdgesChange: (changes: EdgeChange<CanvasEdge>[]) => applySelection(changes, 'edges'),
      onSelectionDragStop: endDrag,
      onConnect: ({ source, sourceHandle, target, targetHandle }: Connection) =>
        connectPorts(
          { node: source, port: portOf(sourceHandle) },
          { node: target, port: portOf(targetHandle) },
        ),
      onReconnect: (edge: CanvasEdge, { source, sourceHandle, target, targetHandle }: Connection) =>
        reconnectEdge(
          edge.id,
          { node: source, port: portOf(sourceHandle) },
          { node: target, port: portOf(targetHandle) },
        ),
      isValidConnection,
    }),
    [onNodesChange, endDrag],
  )
  return { props: { nodes, edges, ...props }, endDrag }
}

function isValidConnection(connection: Connection | CanvasEdge): boolean {
  const document = openDocument()
  if (!document) return false
  // While an edge is moved by its end, its old place is free.
  const without =
    'id' in connection
      ? { ...document, edges: document.edges.filter((edge) => edge.id !== connection.id) }
      : document
  return tryConnect(
    without,
    { node: connection.source, port: portOf(connection.sourceHandle), side: 'out' },
    { node: connection.target, port: portOf(connection.targetHandle), side: 'in' },
  ).ok
}

function applySelection(
  changes: readonly (NodeChange<CanvasNode> | EdgeChange<CanvasEdge>)[],
  what: 'nodes' | 'edges',
): void {
  const picks = changes.filter((change) => change.type === 'select')
  if (picks.length === 0) return
  const current = useSelection.getState()
  const next = new Set(current[what])
  for (const pick of picks) {
    if (pick.selected) next.add(pick.id)
    else next.delete(pick.id)
  }
  if (what === 'nodes') select(next, current.edges)
  else select(current.nodes, next)
}
