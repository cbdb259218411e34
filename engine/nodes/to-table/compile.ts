import { required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const input = required(context, 'in')
  const { id } = context.node
  return {
    steps: [{ id, node: id, op: 'toTable', from: input.step }],
    outputs: { out: { step: id, type: 'table', keyFormat: input.keyFormat } },
  }
}
