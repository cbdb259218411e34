import { type DragEvent, useRef, useState } from 'react'
import type { NodeDefinition } from '../../engine/pipeline/definition.ts'
import { kindType } from '../canvas/pointer.ts'
import { SearchField } from '../parts/controls.tsx'
import { categories, iconOf, kindsOf } from '../parts/kinds.ts'
import { requestCanvas } from '../stores/canvas-requests.ts'

/** Every node kind: dragged onto the canvas, or put into its middle by a click or Enter. */
export function NodesPanel() {
  const [text, setText] = useState('')
  const list = useRef<HTMLDivElement>(null)
  const wanted = text.trim().toLowerCase()
  const fits = (definition: NodeDefinition) =>
    `${definition.title} ${definition.kind} ${definition.summary}`.toLowerCase().includes(wanted)
  const groups = categories
    .map((group) => ({ ...group, kinds: kindsOf(group.category).filter(fits) }))
    .filter((group) => group.kinds.length > 0)
  return (
    <section className="side-panel" aria-label="Nodes">
      <div className="side-search">
        <SearchField
          label="Find a node"
          value={text}
          trailing={<kbd>/</kbd>}
          data-find
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') list.current?.querySelector('button')?.focus()
            if (event.key === 'Enter' && groups[0]?.kinds[0])
              requestCanvas({ kind: 'add', node: groups[0].kinds[0].kind })
          }}
        />
      </div>
      <div ref={list} className="palette scroll">
        {groups.length === 0 && <p className="side-empty muted">No node of that name.</p>}
        {groups.map(({ category, title, kinds }) => (
          <section key={category} data-category={category} aria-label={title}>
            <h3>
              <span className="category-mark" />
              {title}
            </h3>
            {kinds.map((definition) => (
              <PaletteEntry key={definition.kind} definition={definition} />
            ))}
          </section>
        ))}
      </div>
    </section>
  )
}

function PaletteEntry({ definition }: { readonly definition: NodeDefinition }) {
  const Icon = iconOf(definition)
  return (
    <button
      type="button"
      className="palette-entry"
      draggable
      title={definition.summary}
      aria-label={`${definition.title}: ${definition.summary}`}
      onDragStart={(event: DragEvent) => {
        event.dataTransfer.setData(kindType, definition.kind)
        event.dataTransfer.effectAllowed = 'copy'
      }}
      onClick={() => requestCanvas({ kind: 'add', node: definition.kind })}
    >
      <Icon size={16} className="node-icon" aria-hidden />
      <span className="grow">
        <b className="ellipsis">{definition.title}</b>
        <small className="ellipsis">{definition.summary}</small>
      </span>
    </button>
  )
}
