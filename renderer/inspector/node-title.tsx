import { useEffect, useState } from 'react'
import type { PipelineNode } from '../../engine/pipeline/document.ts'
import { renameNode } from '../stores/edit-actions.ts'

/** The node's name, edited in place. An empty one is not taken. */
export function NodeTitle({ node }: { readonly node: PipelineNode }) {
  const [text, setText] = useState(node.name)
  useEffect(() => setText(node.name), [node.name])
  return (
    <input
      className="title-input"
      aria-label="Name"
      value={text}
      spellCheck={false}
      onChange={(event) => {
        setText(event.target.value)
        if (event.target.value.trim() !== '') renameNode(node.id, event.target.value)
      }}
      onBlur={() => setText(node.name)}
    />
  )
}
