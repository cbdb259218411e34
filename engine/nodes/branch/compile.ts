import { flagOf, listOf, textOf } from '../../pipeline/index.ts'
import { required } from '../compiling.ts'
import type { CompileNode, Flow } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const { node, config } = context
  const input = required(context, 'in')
  const branches = listOf(config, 'branches').map((branch) => ({
    name: textOf(branch, 'name'),
    when: textOf(branch, 'when'),
  }))
  const rest = flagOf(config, 'rest') ? { otherwise: 'rest' } : {}
  const names = [...branches.map((branch) => branch.name), ...Object.values(rest)]
  const flow = (name: string): Flow => ({ ...input, step: `${node.id}.${name}` })
  return {
    steps: [{ id: node.id, node: node.id, op: 'branch', from: input.step, branches, ...rest }],
    outputs: Object.fromEntries(names.map((name) => [name, flow(name)])),
  }
}
