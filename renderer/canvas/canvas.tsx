import '@xyflow/react/dist/base.css'
import {
  ConnectionLineType,
  MiniMap,
  type OnConnectEnd,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  useStore,
} from '@xyflow/react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { CommandContextMenu } from '../parts/menu.tsx'
import { serveCanvas } from '../stores/canvas-requests.ts'
import { commandList } from '../stores/commands.ts'
import { openDocument, useDocument } from '../stores/document-store.ts'
import { addNode, spliceable, spliceNode } from '../stores/edit-actions.ts'
import { useLayout } from '../stores/layout.ts'
import { showCodeOf, showTopic, topicOfEdge } from '../stores/reveal.ts'
import { clearSelection, select, useSelection } from '../stores/selection.ts'
import { CanvasTools } from './canvas-tools.tsx'
import { beginConnecting, endConnecting } from './connecting.ts'
import { ConnectionHint } from './connection-hint.tsx'
import { dropConnection } from './drop-connection.ts'
import { EdgeView } from './edge-view.tsx'
import { nodeWidth } from './geometry.ts'
import { Ground } from './ground.tsx'
import { setDetailed } from './live-paint.ts'
import { NodeView } from './node-view.tsx'
import { Picker, type PickerRequest } from './picker.tsx'
import { edgeUnder, kindType, type Point, pointOf, snapped } from './pointer.ts'
import { useCanvasElements } from './use-canvas-elements.ts'
import { useCanvasKeys } from './use-canvas-keys.ts'

const nodeTypes = { pipeline: NodeView }
const edgeTypes = { pipeline: EdgeView }
const contextEntries = commandList(
  'add-node',
  'connect',
  '-',
  'copy',
  'paste',
  'duplicate',
  'delete',
  'delete-heal',
  'bypass',
  '-',
  'select-up',
  'select-down',
  'select-all',
  '-',
  'layout',
  'fit',
)

export function Canvas() {
  return (
    <ReactFlowProvider>
      <CanvasInside />
    </ReactFlowProvider>
  )
}

function CanvasInside() {
  const pane = useRef<HTMLDivElement>(null)
  const flow = useReactFlow()
  const [picker, setPicker] = useState<PickerRequest>()
  const [splice, setSplice] = useState<string>()
  const elements = useCanvasElements(splice)
  const minimap = useLayout((layout) => layout.minimap)
  const far = useStore((state) => state.transform[2] < farBelow)
  useEffect(() => setDetailed(!far), [far])
  const toFlow = useCallback(
    (point: Point) => flow.screenToFlowPosition(point, { snapToGrid: false }),
    [flow],
  )

  useEffect(() => serveRequests(flow, pane, setPicker), [flow])
  useCanvasKeys(pane)
  useEffect(() => keepCentre(flow, pane.current), [flow])

  const connectEnd: OnConnectEnd = (event, state) => {
    endConnecting()
    if (!state.fromNode || !state.fromHandle?.id) return
    const asked = dropConnection(pointOf(event), state.fromNode.id, state.fromHandle.id, toFlow)
    if (asked) setPicker(asked)
  }

  return (
    <CommandContextMenu entries={contextEntries}>
      {/* The pane takes drops and keys; nodes and edges inside have roles of their own. */}
      <section
        ref={pane}
        className={`canvas ${far ? 'far' : ''}`}
        aria-label="Canvas"
        // The canvas is a widget of its own: focus on it is where the canvas keys work.
        tabIndex={-1}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes(kindType)) return
          event.preventDefault()
          event.dataTransfer.dropEffect = 'copy'
          setSplice(edgeUnder({ x: event.clientX, y: event.clientY }))
        }}
        onDragLeave={() => setSplice(undefined)}
        onDrop={(event) => {
          const kind = event.dataTransfer.getData(kindType)
          setSplice(undefined)
          if (!kind) return
          event.preventDefault()
          const point = { x: event.clientX, y: event.clientY }
          const { x, y } = toFlow(point)
          const edge = edgeUnder(point)
          addNode(
            kind,
            snapped({ x: x - nodeWidth / 2, y: y - 36 }, event.altKey),
            edge ? { splice: edge } : {},
          )
          pane.current?.focus()
        }}
      >
        <ReactFlow
          {...elements.props}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          // From far, what comes into sight while it is moved would be made in the middle of the movement.
          onlyRenderVisibleElements={!far || elements.props.nodes.length > wholeMax}
          minZoom={0.15}
          maxZoom={2}
          defaultViewport={{ x: 24, y: 24, zoom: 1 }}
          proOptions={{ hideAttribution: true }}
          connectionLineType={ConnectionLineType.Bezier}
          connectionRadius={22}
          reconnectRadius={12}
          selectionMode={SelectionMode.Partial}
          selectionKeyCode="Shift"
          multiSelectionKeyCode={['Meta', 'Control']}
          deleteKeyCode={null}
          zoomOnDoubleClick={false}
          panOnScroll
          zoomActivationKeyCode={['Meta', 'Control']}
          nodeDragThreshold={2}
          elevateEdgesOnSelect={false}
          onConnectStart={(_, start) =>
            start.nodeId && start.handleId && beginConnecting(start.nodeId, start.handleId)
          }
          onConnectEnd={connectEnd}
          onNodeDrag={(event, node) => {
            const free = spliceable(node.id)
            setSplice(free ? edgeUnder(pointOf(event)) : undefined)
          }}
          onNodeDragStop={(event, node, nodes) => {
            setSplice(undefined)
            const edge = nodes.length === 1 && spliceable(node.id) ? edgeUnder(pointOf(event)) : undefined
            elements.endDrag()
            if (edge) spliceNode(node.id, edge)
          }}
          onMoveStart={(event) => event && pane.current?.classList.add('moving')}
          // Not before it is dragged: a click is the pane's.
          onMove={(event) => event?.type === 'mousemove' && pane.current && shieldWhilePanned(pane.current)}
          onMoveEnd={() => pane.current?.classList.remove('moving')}
          onPaneClick={() => {
            clearSelection()
            pane.current?.focus()
          }}
          // One of several that are selected, clicked without a drag, is meant alone.
          onNodeClick={(event, node) => {
            if (!event.shiftKey && !event.ctrlKey && !event.metaKey) select([node.id])
          }}
          onNodeContextMenu={(_, node) => {
            if (!useSelection.getState().nodes.has(node.id)) select([node.id])
          }}
          onNodeDoubleClick={(_, node) => showCodeOf(node.id)}
          onEdgeDoubleClick={(_, edge) => {
            const topic = topicOfEdge(edge.id)
            if (topic) showTopic(topic)
          }}
          onDoubleClick={(event) => {
            if (!(event.target instanceof Element) || !event.target.classList.contains('react-flow__pane'))
              return
            const screen = { x: event.clientX, y: event.clientY }
            setPicker({ screen, at: toFlow(screen) })
          }}
        >
          <Ground />
          {minimap && (
            <MiniMap
              className="minimap"
              ariaLabel="Minimap"
              pannable
              zoomable
              nodeColor={minimapColour}
              nodeBorderRadius={12}
              bgColor="var(--panel)"
              maskColor="color-mix(in oklab, var(--canvas) 55%, transparent)"
              style={{ width: 138, height: 80 }}
            />
          )}
        </ReactFlow>
        <CanvasTools />
        <EmptyCanvas />
        <ConnectionHint />
        {picker && (
          <Picker
            request={picker}
            close={() => {
              setPicker(undefined)
              pane.current?.focus()
            }}
          />
        )}
      </section>
    </CommandContextMenu>
  )
}

const hues: Readonly<Record<string, number>> = {
  source: 250,
  transform: 290,
  state: 75,
  join: 330,
  sink: 155,
}

function minimapColour(node: { readonly data: Record<string, unknown> }): string {
  const { definition } = node.data
  const category =
    definition && typeof definition === 'object' && 'category' in definition
      ? String(definition.category)
      : ''
  return `oklch(0.66 0.11 ${hues[category] ?? 250})`
}

function EmptyCanvas() {
  const empty = useDocument((state) => state.pipeline?.document.nodes.length === 0)
  return empty ? (
    <p className="canvas-empty">Drag a node from the left, or double-click here to choose one.</p>
  ) : null
}

/** Below this zoom figures and sentences cannot be read. */
const farBelow = 0.45

/** React Flow tells of a movement's end a moment later, and of none that ends where it began: the button tells. */
function shieldWhilePanned(pane: HTMLElement): void {
  if (pane.classList.contains('panning')) return
  pane.classList.add('panning')
  const end = () => {
    pane.classList.remove('panning')
    window.removeEventListener('pointerup', end, true)
    window.removeEventListener('pointercancel', end, true)
  }
  // Its library keeps the end of the mouse's button for itself.
  window.addEventListener('pointerup', end, true)
  window.addEventListener('pointercancel', end, true)
}

/** Of more nodes than that, those out of sight are not worth their memory. */
const wholeMax = 1500

/** Room for the tools at the bottom. */
const fitPadding = { top: '28px', left: '28px', right: '28px', bottom: '64px' } as const

type Flow = ReturnType<typeof useReactFlow>

function serveRequests(
  flow: Flow,
  pane: React.RefObject<HTMLDivElement | null>,
  setPicker: (request: PickerRequest) => void,
) {
  const middle = (): Point => {
    const box = pane.current?.getBoundingClientRect()
    return box ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : { x: 0, y: 0 }
  }
  const beside = (node: string): Point => {
    const found = openDocument()?.nodes.find((other) => other.id === node)
    if (!found) return middle()
    return flow.flowToScreenPosition({ x: found.position.x + nodeWidth + 12, y: found.position.y })
  }
  return serveCanvas((request) => {
    switch (request.kind) {
      case 'fit':
        // After the document's new nodes are in place.
        requestAnimationFrame(() => {
          const nodes = request.nodes?.map((id) => ({ id }))
          void flow.fitView({
            nodes,
            padding: fitPadding,
            maxZoom: 1,
            minZoom: 0.3,
            duration: nodes ? 140 : 0,
          })
        })
        return
      case 'zoom':
        if (request.to === 'in') void flow.zoomIn({ duration: 120 })
        else if (request.to === 'out') void flow.zoomOut({ duration: 120 })
        else void flow.zoomTo(1, { duration: 120 })
        return
      case 'focus':
        pane.current?.focus()
        return
      case 'pick': {
        const [selected] = useSelection.getState().nodes
        const screen = selected ? beside(selected) : middle()
        setPicker({ screen, at: flow.screenToFlowPosition(screen), after: selected })
        return
      }
      case 'connect': {
        const [selected] = useSelection.getState().nodes
        if (selected) setPicker({ screen: beside(selected), at: { x: 0, y: 0 }, connect: selected })
        return
      }
      case 'add': {
        const { x, y } = flow.screenToFlowPosition(middle())
        addNode(request.node, snapped(freeSpot({ x: x - nodeWidth / 2, y: y - 36 }), false), {})
        return
      }
    }
  })
}

/** When the dock or a panel takes room away, what was in the middle stays there. */
function keepCentre(flow: Flow, pane: HTMLElement | null) {
  if (!pane) return
  let last: { readonly width: number; readonly height: number } | undefined
  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return
    const { width, height } = entry.contentRect
    if (last && last.width > 0) {
      const { x, y, zoom } = flow.getViewport()
      void flow.setViewport({ x: x + (width - last.width) / 2, y: y + (height - last.height) / 2, zoom })
    }
    last = { width, height }
  })
  observer.observe(pane)
  return () => observer.disconnect()
}

/** Not on top of another node: down until there is room. */
function freeSpot(wanted: Point): Point {
  const nodes = openDocument()?.nodes ?? []
  let { y } = wanted
  while (
    nodes.some(
      (node) => Math.abs(node.position.x - wanted.x) < nodeWidth && Math.abs(node.position.y - y) < 96,
    )
  )
    y += 104
  return { x: wanted.x, y }
}
