import { Ellipsis } from 'lucide-react'
import { Tabs } from 'radix-ui'
import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { IconButton } from '../parts/controls.tsx'
import { definitionOf, iconOf } from '../parts/kinds.ts'
import { CommandMenu } from '../parts/menu.tsx'
import { type Command, commandList } from '../stores/commands.ts'
import { useDocument } from '../stores/document-store.ts'
import { useEnabled } from '../stores/enabled.ts'
import { type InspectorTab, setLayout, useLayout } from '../stores/layout.ts'
import { useSelectedNode, useSelection } from '../stores/selection.ts'
import { EdgeInspector } from './edge-inspector.tsx'
import { FormTab } from './form-tab.tsx'
import { MetricsTab } from './metrics-tab.tsx'
import { NodeTitle } from './node-title.tsx'
import { NotesTab } from './notes-tab.tsx'
import { PipelineInspector } from './pipeline-inspector.tsx'
import { StateTab } from './state-tab.tsx'

const tabs: readonly (readonly [InspectorTab, string])[] = [
  ['form', 'Form'],
  ['state', 'State'],
  ['metrics', 'Metrics'],
  ['notes', 'Notes'],
]

/** What is selected: one node's form, state, figures and notes; an edge; several; or the pipeline itself. */
export function Inspector() {
  const selected = useSelectedNode()
  const node = useDocument((state) => state.pipeline?.document.nodes.find((other) => other.id === selected))
  const counts = useSelection((state) => `${state.nodes.size},${state.edges.size}`)
  const edge = useSelection((state) =>
    state.nodes.size === 0 && state.edges.size === 1 ? [...state.edges][0] : undefined,
  )
  if (node) return <NodeInspector key={node.id} node={node} />
  if (edge) return <EdgeInspector edge={edge} />
  const [nodes = 0, edges = 0] = counts.split(',').map(Number)
  if (nodes + edges > 1) return <SeveralInspector nodes={nodes} edges={edges} />
  return <PipelineInspector />
}

function NodeInspector({ node }: { readonly node: PipelineNode }) {
  const tab = useLayout((layout) => layout.inspectorTab)
  const definition = definitionOf(node.kind)
  const Icon = iconOf(definition)
  return (
    <>
      <header className="inspector-head" data-category={definition?.category}>
        <span className="kind-tile">
          <Icon size={16} aria-hidden />
        </span>
        <div className="grow">
          <NodeTitle node={node} />
          <p className="muted ellipsis">{definition?.title ?? `unknown kind “${node.kind}”`}</p>
        </div>
        <CommandMenu align="end" entries={nodeEntries}>
          <IconButton icon={Ellipsis} label="Node actions" />
        </CommandMenu>
      </header>
      <Tabs.Root
        className="inspector-tabs"
        value={tab}
        onValueChange={(value) => setLayout({ inspectorTab: value as InspectorTab })}
      >
        <Tabs.List className="tabs" aria-label="Inspector">
          {tabs.map(([value, title]) => (
            <Tabs.Trigger key={value} value={value} className="tab">
              {title}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <div className="inspector-body scroll">
          <Tabs.Content value="form">
            <FormTab node={node} />
          </Tabs.Content>
          <Tabs.Content value="state">
            <StateTab node={node} />
          </Tabs.Content>
          <Tabs.Content value="metrics">
            <MetricsTab node={node} />
          </Tabs.Content>
          <Tabs.Content value="notes">
            <NotesTab node={node} />
          </Tabs.Content>
        </div>
      </Tabs.Root>
    </>
  )
}

const nodeEntries = commandList(
  'edit-code',
  'show-records',
  '-',
  'connect',
  'duplicate',
  'bypass',
  'select-up',
  'select-down',
  '-',
  'delete',
  'delete-heal',
)

function SeveralInspector({ nodes, edges }: { readonly nodes: number; readonly edges: number }) {
  const parts = [nodes && `${nodes} nodes`, edges && `${edges} edges`].filter(Boolean).join(', ')
  return (
    <>
      <header className="inspector-head">
        <div className="grow">
          <h2>{parts}</h2>
          <p className="muted">selected</p>
        </div>
      </header>
      <div className="inspector-body inspector-actions">
        {commandList('duplicate', 'copy', 'bypass', 'fit-selection', 'delete', 'delete-heal').map((entry) =>
          entry === 'line' ? null : <CommandButton key={entry.id} command={entry} />,
        )}
      </div>
    </>
  )
}

function CommandButton({ command }: { readonly command: Command }) {
  return (
    <button type="button" className="button" disabled={!useEnabled(command)} onClick={command.run}>
      {command.title}
    </button>
  )
}
