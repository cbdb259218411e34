import { numberOf, textOf } from '../../pipeline/index.ts'
import { keyedSide, required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const { node, config } = context
  const inputs = [required(context, 'left'), required(context, 'right')] as const
  const leftKey = textOf(config, 'leftKey').trim()
  const rightKey = textOf(config, 'rightKey').trim()
  const formats = [
    leftKey === '' ? inputs[0].keyFormat : 'json',
    rightKey === '' ? inputs[1].keyFormat : 'json',
  ]
  const asJson = (formats[0] === 'string') !== (formats[1] === 'string')
  const left = keyedSide(context, inputs[0], 'left', leftKey, asJson)
  const right = keyedSide(context, inputs[1], 'right', rightKey, asJson)
  return {
    steps: [
      ...left.steps,
      ...right.steps,
      {
        id: node.id,
        node: node.id,
        op: 'streamStreamJoin',
        type: textOf(config, 'type') === 'left' ? 'left' : 'inner',
        left: left.flow.step,
        right: right.flow.step,
        beforeMs: numberOf(config, 'beforeMs'),
        afterMs: numberOf(config, 'afterMs'),
        graceMs: numberOf(config, 'graceMs'),
        joiner: textOf(config, 'joiner'),
      },
    ],
    outputs: { out: { step: node.id, type: 'stream', keyFormat: left.flow.keyFormat } },
  }
}
