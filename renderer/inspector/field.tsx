import { useEffect, useRef } from 'react'
import type { FieldSpec } from '../../engine/pipeline/definition.ts'
import type { ConfigValue } from '../../engine/pipeline/document.ts'
import type { Problem } from '../../engine/pipeline/problem.ts'
import { Select } from '../parts/controls.tsx'
import { openDocument } from '../stores/document-store.ts'
import { useReveal } from '../stores/reveal.ts'
import { DurationInput } from './duration-input.tsx'
import { ExpressionInput } from './expression-input.tsx'
import { ListField } from './list-field.tsx'
import { NumberInput } from './number-input.tsx'
import { SuggestInput } from './suggest-input.tsx'

export interface FieldProps<Spec extends FieldSpec = FieldSpec> {
  readonly node: string
  /** Into the node's config: `functions.0.expr`. */
  readonly path: string
  readonly field: Spec
  readonly value: ConfigValue | undefined
  readonly problems: readonly Problem[]
  readonly onChange: (value: ConfigValue | undefined) => void
}

/** One field of a form: label, input, what is wrong with it, and its help. */
export function Field(props: FieldProps) {
  const { field, path, node } = props
  const box = useRef<HTMLDivElement>(null)
  const reveal = useReveal((state) => (state.field?.path === path ? state.field.sequence : 0))
  useEffect(() => {
    if (reveal) box.current?.querySelector<HTMLElement>('input, select, textarea')?.focus()
  }, [reveal])
  if (field.type === 'list') return <ListField {...props} field={field} />
  const own = props.problems.filter((problem) => problem.field === path)
  const id = `${node}-${path}`
  const worst = own.find((problem) => problem.severity === 'error') ?? own[0]
  return (
    <div ref={box} className={`field ${field.half ? 'half' : ''}`}>
      {field.type !== 'boolean' && (
        <label htmlFor={id} title={field.help}>
          {field.label}
        </label>
      )}
      <FieldInput
        {...props}
        id={id}
        invalid={worst?.severity === 'error'}
        describedBy={worst ? `${id}-problem` : undefined}
      />
      {worst && (
        <p id={`${id}-problem`} className={`field-problem ${worst.severity === 'error' ? 'bad' : 'warn'}`}>
          {withoutName(worst.what, props.node)}
        </p>
      )}
    </div>
  )
}

/** Messages begin with the node's name, which stands above the form. */
export function withoutName(what: string, node: string): string {
  const name = openDocument()?.nodes.find((other) => other.id === node)?.name
  return name && what.startsWith(`${name}: `) ? what.slice(name.length + 2) : what
}

export interface InputProps {
  readonly id: string
  readonly invalid: boolean
  readonly describedBy: string | undefined
}

function FieldInput(props: FieldProps & InputProps) {
  const { field, value, onChange, id } = props
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value)
  const common = {
    id,
    'aria-invalid': props.invalid,
    'aria-describedby': props.describedBy,
    'aria-required': field.required,
  }
  switch (field.type) {
    case 'text':
      return (
        <input
          {...common}
          className="input"
          value={text}
          placeholder={field.placeholder}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...common}
          field={field}
          value={typeof value === 'number' ? value : undefined}
          onChange={onChange}
        />
      )
    case 'duration':
      return (
        <DurationInput
          {...common}
          field={field}
          value={typeof value === 'number' ? value : undefined}
          onChange={onChange}
        />
      )
    case 'boolean':
      return (
        <label className="check" title={field.help}>
          <input
            {...common}
            type="checkbox"
            checked={value === true}
            onChange={(event) => onChange(event.target.checked)}
          />
          {field.label}
        </label>
      )
    case 'select':
      return (
        <Select
          {...common}
          options={field.options}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      )
    case 'expression':
    case 'type':
    case 'json':
      return <ExpressionInput {...common} node={props.node} field={field} value={text} onChange={onChange} />
    case 'topic':
    case 'file':
    case 'code':
      return <SuggestInput {...common} field={field} value={text} onChange={onChange} />
    case 'list':
      return null
  }
}
