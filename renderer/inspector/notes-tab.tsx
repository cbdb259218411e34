import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { definitionOf } from '../parts/kinds.ts'
import { Markdown } from '../parts/markdown.tsx'
import { setNote } from '../stores/edit-actions.ts'

/** A note of one's own, and below it what the kind does. */
export function NotesTab({ node }: { readonly node: PipelineNode }) {
  const docs = definitionOf(node.kind)?.docs
  return (
    <div className="form">
      <div className="field">
        <label htmlFor={`${node.id}-note`}>Note</label>
        <textarea
          id={`${node.id}-note`}
          className="input nokey"
          rows={5}
          value={node.note ?? ''}
          placeholder="What people should know about this node"
          onChange={(event) => setNote(node.id, event.target.value)}
        />
      </div>
      {docs && (
        <section className="docs">
          <h3>What it does</h3>
          <Markdown text={docs} />
        </section>
      )}
    </div>
  )
}
