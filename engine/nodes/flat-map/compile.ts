import { textOf } from '../../pipeline/index.ts'
import { streamStep } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const expr = textOf(context.config, 'list')
  if (textOf(context.config, 'makes') === 'pairs') {
    return streamStep(context, (from, base) => ({ ...base, op: 'flatMap', from, expr }), 'json')
  }
  return streamStep(context, (from, base) => ({ ...base, op: 'flatMapValues', from, expr }))
}
