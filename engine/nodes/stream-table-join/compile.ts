import { textOf } from '../../pipeline/index.ts'
import type { Step } from '../../streams/plan.ts'
import { keyedSide, required } from '../compiling.ts'
import type { CompileContext, CompileNode, Flow } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const { node, config } = context
  const stream = required(context, 'left')
  const rows = required(context, 'right')
  const on = textOf(config, 'on').trim()
  const streamFormat = on === '' ? stream.keyFormat : 'json'
  const asJson = (streamFormat === 'string') !== (rows.keyFormat === 'string')
  const left = keyedSide(context, stream, 'left', on, asJson)
  const right =
    asJson && rows.keyFormat === 'string' ? tableByJson(context, rows) : { steps: [], table: rows }
  return {
    steps: [
      ...left.steps,
      ...right.steps,
      {
        id: node.id,
        node: node.id,
        op: 'streamTableJoin',
        type: textOf(config, 'type') === 'left' ? 'left' : 'inner',
        left: left.flow.step,
        right: right.table.step,
        joiner: textOf(config, 'joiner'),
      },
    ],
    outputs: { out: { step: node.id, type: 'stream', keyFormat: left.flow.keyFormat } },
  }
}

/** A table whose keys were written as plain text, laid out again by their JSON. */
function tableByJson(context: CompileContext, rows: Flow): { steps: readonly Step[]; table: Flow } {
  const { id: node } = context.node
  const updates: Step = { id: `${node}-right-updates`, node, op: 'toStream', from: rows.step }
  const key: Step = { id: `${node}-right-key`, node, op: 'selectKey', from: updates.id, expr: 'key' }
  const table: Step = { id: `${node}-right`, node, op: 'toTable', from: key.id }
  return { steps: [updates, key, table], table: { step: table.id, type: 'table', keyFormat: 'json' } }
}
