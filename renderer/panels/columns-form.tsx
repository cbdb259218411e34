import { X } from 'lucide-react'
import { useState } from 'react'
import { Button, IconButton } from '../parts/controls.tsx'
import { setColumns, useColumns } from '../stores/columns.ts'
import { parse } from '../stores/record-rows.ts'
import { useRecords } from '../stores/records.ts'

const none: readonly string[] = []

/** Field paths that have a column of their own; those of the first record are offered. */
export function ColumnsForm() {
  const topic = useRecords((state) => state.topic) ?? ''
  const sample = useRecords((state) => state.rows[0]?.value.text)
  const paths = useColumns((state) => state.paths[topic] ?? none)
  const [text, setText] = useState('')
  const add = () => {
    const path = text.trim()
    if (path !== '' && !paths.includes(path)) setColumns(topic, [...paths, path])
    setText('')
  }
  return (
    <div className="go-to">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          add()
        }}
      >
        <label htmlFor="column-path">Column from a field</label>
        <input
          id="column-path"
          className="input mono"
          list="column-paths"
          placeholder="value.origin"
          value={text}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
        />
        <datalist id="column-paths">
          {pathsOf(parse(sample ?? ''), 'value').map((path) => (
            <option key={path} value={path} />
          ))}
        </datalist>
        <Button type="submit">Add column</Button>
      </form>
      {paths.map((path) => (
        <div key={path} className="row">
          <code className="grow ellipsis">{path}</code>
          <IconButton
            icon={X}
            size={13}
            label={`Remove column ${path}`}
            onClick={() =>
              setColumns(
                topic,
                paths.filter((other) => other !== path),
              )
            }
          />
        </div>
      ))}
    </div>
  )
}

function pathsOf(value: unknown, prefix: string, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > 2) return []
  return Object.entries(value).flatMap(([name, child]) => [
    `${prefix}.${name}`,
    ...pathsOf(child, `${prefix}.${name}`, depth + 1),
  ])
}
