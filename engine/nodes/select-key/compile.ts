import { textOf } from '../../pipeline/index.ts'
import { streamStep } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const expr = textOf(context.config, 'key')
  return streamStep(context, (from, base) => ({ ...base, op: 'selectKey', from, expr }), 'json')
}
