import { type ComponentProps, useEffect, useState } from 'react'
import type { FieldSpec } from '../../engine/pipeline/definition.ts'
import { durationParts, durationUnits, parseDuration } from './duration.ts'

type Props = Omit<ComponentProps<'input'>, 'value' | 'onChange'> & {
  readonly field: Extract<FieldSpec, { type: 'duration' }>
  readonly value: number | undefined
  readonly onChange: (valueMs: number | undefined) => void
}

/** A number with its unit at the right; `90s` or `1 min` typed into it is understood too. Stored in milliseconds. */
export function DurationInput({ field, value, onChange, ...rest }: Props) {
  const shown = durationParts(value)
  const [text, setText] = useState(shown.text)
  const [unit, setUnit] = useState(shown.unit)
  useEffect(() => {
    if (parseDuration(text, unit) === value) return
    setText(shown.text)
    setUnit(shown.unit)
    // What is typed stays as it is while it means the same.
  }, [value, text, unit, shown.text, shown.unit])
  return (
    <div className="with-unit">
      <input
        {...rest}
        className="input figures"
        value={text}
        onChange={(event) => {
          const typed = event.target.value
          const parsed = parseDuration(typed, unit)
          const named = /[a-z]+$/i.test(typed.trim())
          if (named && parsed !== undefined) {
            const parts = durationParts(parsed)
            setText(parts.text)
            setUnit(parts.unit)
          } else setText(typed)
          if (parsed !== undefined && parsed >= (field.min ?? 0)) onChange(parsed)
        }}
        onBlur={() => {
          setText(shown.text)
          setUnit(shown.unit)
        }}
      />
      <select
        className="unit"
        aria-label={`${field.label}: unit`}
        value={unit}
        onChange={(event) => {
          const next = durationUnits.find((other) => other.name === event.target.value)
          const number = Number(text)
          if (!next || !Number.isFinite(number)) return
          setUnit(next.name)
          onChange(number * next.ms)
        }}
      >
        {durationUnits.map((other) => (
          <option key={other.name}>{other.name}</option>
        ))}
      </select>
    </div>
  )
}
