import { type ComponentProps, useEffect, useState } from 'react'
import type { FieldSpec } from '../../engine/pipeline/definition.ts'

type Props = Omit<ComponentProps<'input'>, 'value' | 'onChange'> & {
  readonly field: Extract<FieldSpec, { type: 'number' }>
  readonly value: number | undefined
  readonly onChange: (value: number | undefined) => void
}

/** Keeps what is being typed; the document gets numbers only. */
export function NumberInput({ field, value, onChange, ...rest }: Props) {
  const [text, setText] = useState(String(value ?? ''))
  useEffect(() => {
    setText((shown) => (numberOf(shown) === value ? shown : String(value ?? '')))
  }, [value])
  return (
    <div className="with-suffix">
      <input
        {...rest}
        className="input figures"
        inputMode={field.integer ? 'numeric' : 'decimal'}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          const number = numberOf(event.target.value)
          if (number !== undefined && !(field.integer && !Number.isInteger(number))) onChange(number)
          else if (event.target.value.trim() === '') onChange(undefined)
        }}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
          event.preventDefault()
          const step = (event.key === 'ArrowUp' ? 1 : -1) * (event.shiftKey ? 10 : 1)
          const next = Math.min(
            Math.max((value ?? field.default ?? 0) + step, field.min ?? -Infinity),
            field.max ?? Infinity,
          )
          setText(String(next))
          onChange(next)
        }}
        onBlur={() => setText(String(value ?? ''))}
      />
      {field.unit && <span className="suffix">{field.unit}</span>}
    </div>
  )
}

function numberOf(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}
