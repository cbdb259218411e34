import { ChevronDown, ChevronRight, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { fieldShown, isConfig, newListItem } from '../../engine/pipeline/config.ts'
import type { FieldSpec } from '../../engine/pipeline/definition.ts'
import type { NodeConfig } from '../../engine/pipeline/document.ts'
import { IconButton } from '../parts/controls.tsx'
import { Field, type FieldProps } from './field.tsx'

/** Items as one-line summaries that unfold into their own small forms. */
export function ListField(props: FieldProps<Extract<FieldSpec, { type: 'list' }>>) {
  const { field, value, onChange, path, node, problems } = props
  const items = Array.isArray(value) ? value.filter(isConfig) : []
  const [open, setOpen] = useState<number>()
  const replace = (index: number, item: NodeConfig) =>
    onChange(items.map((other, i) => (i === index ? item : other)))
  const own = problems.find((problem) => problem.field === path)
  return (
    <fieldset className="field list-field">
      <legend>{field.label}</legend>
      {items.map((item, index) => {
        const here = `${path}.${index}`
        const broken = problems.some((problem) => problem.field?.startsWith(`${here}.`))
        const unfolded = open === index || broken
        const [first, second] = summary(field.item, item)
        return (
          // Items have no identity of their own: their place is what the document knows them by.
          <div key={here} className="list-item">
            <div className="list-line">
              <button
                type="button"
                className="list-summary"
                aria-expanded={unfolded}
                onClick={() => setOpen(unfolded ? undefined : index)}
              >
                {unfolded ? <ChevronDown size={13} aria-hidden /> : <ChevronRight size={13} aria-hidden />}
                <code className="ellipsis">{first}</code>
                {second && <span className="faint ellipsis">→ {second}</span>}
              </button>
              <IconButton
                icon={Trash2}
                size={13}
                label={`Remove ${first}`}
                disabled={items.length <= (field.min ?? 0)}
                onClick={() => onChange(items.filter((_, i) => i !== index))}
              />
            </div>
            {unfolded && (
              <div className="fields">
                {field.item
                  .filter((inner) => fieldShown(inner, item))
                  .map((inner) => (
                    <Field
                      key={inner.name}
                      node={node}
                      path={`${here}.${inner.name}`}
                      field={inner}
                      value={item[inner.name]}
                      problems={problems}
                      onChange={(next) => replace(index, withField(item, inner.name, next))}
                    />
                  ))}
              </div>
            )}
          </div>
        )
      })}
      {own && <p className="field-problem bad">{own.what}</p>}
      <button
        type="button"
        className="add-item"
        onClick={() => {
          onChange([...items, newListItem(field)])
          setOpen(items.length)
        }}
      >
        <Plus size={14} aria-hidden />
        {field.addLabel}
      </button>
    </fieldset>
  )
}

function withField(item: NodeConfig, name: string, value: NodeConfig[string] | undefined): NodeConfig {
  const { [name]: _, ...others } = item
  return value === undefined ? others : { ...others, [name]: value }
}

/** `avg(value.delay)` and where it goes: the choices and expressions in order, then the name. */
function summary(fields: readonly FieldSpec[], item: NodeConfig): readonly [string, string | undefined] {
  const shown = fields.filter((field) => fieldShown(field, item))
  const textOf = (field: FieldSpec | undefined) => {
    const value = field && item[field.name]
    return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
  }
  const choice = textOf(shown.find((field) => field.type === 'select'))
  const expression = textOf(shown.find((field) => field.type === 'expression'))
  const name = textOf(shown.find((field) => field.type === 'text'))
  const call = choice && expression ? `${choice}(${expression})` : choice || expression
  return call ? [call, name || undefined] : [name || 'new', undefined]
}
