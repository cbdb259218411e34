import { operand, textOf } from '../../pipeline/index.ts'
import { streamStep } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

/** A key that stays keeps its partition: only a new one is a `map`. */
export const compile: CompileNode = (context) => {
  const key = textOf(context.config, 'key').trim()
  const value = textOf(context.config, 'value').trim()
  if (key === '' || key === 'key') {
    return streamStep(context, (from, base) => ({ ...base, op: 'mapValues', from, expr: value }))
  }
  if (value === 'value') {
    return streamStep(context, (from, base) => ({ ...base, op: 'selectKey', from, expr: key }), 'json')
  }
  return streamStep(
    context,
    (from, base) => ({ ...base, op: 'map', from, expr: `[${operand(key)}, ${operand(value)}]` }),
    'json',
  )
}
