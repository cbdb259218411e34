import { textOf } from '../../pipeline/index.ts'
import { streamStep } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const op = textOf(context.config, 'mode') === 'drop' ? 'filterNot' : 'filter'
  const expr = textOf(context.config, 'condition')
  return streamStep(context, (from, base) => ({ ...base, op, from, expr }))
}
