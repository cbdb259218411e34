import { type Compiled, type CompileNode, commonKeyFormat } from '../kind.ts'

/** One input alone needs no step. */
export const compile: CompileNode = ({ node, inputs }): Compiled => {
  const flows = inputs('in')
  const [first] = flows
  if (!first) return { steps: [], outputs: {} }
  if (flows.length === 1) return { steps: [], outputs: { out: first } }
  return {
    steps: [{ id: node.id, node: node.id, op: 'merge', from: flows.map((flow) => flow.step) }],
    outputs: { out: { step: node.id, type: 'stream', keyFormat: commonKeyFormat(flows) } },
  }
}
