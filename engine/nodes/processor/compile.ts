import { listOf, textOf } from '../../pipeline/index.ts'
import { streamStep } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const module = textOf(context.config, 'file')
  const stores = listOf(context.config, 'stores').map((store) => ({ name: textOf(store, 'name') }))
  return streamStep(context, (from, base) => ({ ...base, op: 'process', from, module, stores }), 'json')
}
