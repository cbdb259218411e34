import type { ComponentProps } from 'react'
import type { FieldSpec } from '../../engine/pipeline/definition.ts'

type Props = Omit<ComponentProps<'textarea'>, 'value' | 'onChange'> & {
  readonly node: string
  readonly field: Extract<FieldSpec, { type: 'expression' | 'type' | 'json' }>
  readonly value: string
  readonly onChange: (value: string) => void
}

/** An expression, a type or JSON: mono, as high as it has lines. */
export function ExpressionInput({ field, value, onChange, node: _, ...rest }: Props) {
  const sees = field.type === 'expression' ? (field.sees ?? ['key', 'value', 'timestamp', 'headers']) : []
  return (
    <textarea
      {...rest}
      className="input mono expression nokey"
      rows={rowsOf(value, field.type === 'json' ? 3 : 1)}
      value={value}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete="off"
      placeholder={field.type === 'expression' ? field.placeholder : undefined}
      title={sees.length > 0 ? `JavaScript; sees ${sees.join(', ')}` : undefined}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

const perLine = 32

function rowsOf(text: string, min: number): number {
  const rows = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / perLine)), 0)
  return Math.min(Math.max(rows, min), 12)
}
