import { listOf, type NodeConfig, numberOf, textOf } from '../../pipeline/index.ts'
import type { Emit, WindowSpec } from '../../streams/api.ts'
import type { Step } from '../../streams/plan.ts'
import { required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const { node, config } = context
  const input = required(context, 'in')
  const groupBy = textOf(config, 'groupBy').trim()
  const base = { id: `${node.id}-group`, node: node.id, from: input.step }
  const group: Step =
    groupBy === '' ? { ...base, op: 'groupByKey' } : { ...base, op: 'groupBy', expr: groupBy }
  const window = windowOf(config)
  const emit: Emit = textOf(config, 'emit') === 'on-window-close' ? 'on-window-close' : 'on-update'
  const summarize: Step = {
    id: node.id,
    node: node.id,
    op: 'summarize',
    from: group.id,
    functions: listOf(config, 'functions').map((item) => functionOf(item)),
    ...(window ? { window, emit } : {}),
  }
  return {
    steps: [group, summarize],
    outputs: {
      out: {
        step: node.id,
        type: window ? 'windowed-table' : 'table',
        keyFormat: window ? 'windowed-json' : groupBy === '' ? input.keyFormat : 'json',
      },
    },
  }
}

type Summarize = Extract<Step, { op: 'summarize' }>

function functionOf(item: NodeConfig): Summarize['functions'][number] {
  const as = textOf(item, 'as')
  const expr = textOf(item, 'expr')
  const fn = textOf(item, 'fn')
  return fn === 'sum' || fn === 'avg' || fn === 'min' || fn === 'max' ? { fn, expr, as } : { fn: 'count', as }
}

function windowOf(config: NodeConfig): WindowSpec | undefined {
  const sizeMs = numberOf(config, 'sizeMs')
  const graceMs = numberOf(config, 'graceMs')
  const type = textOf(config, 'window')
  if (type === 'tumbling') return { type, sizeMs, graceMs }
  return type === 'hopping' ? { type, sizeMs, advanceMs: numberOf(config, 'advanceMs'), graceMs } : undefined
}
