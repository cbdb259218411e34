import { textOf } from '../../pipeline/index.ts'
import type { SerdeName } from '../../streams/plan.ts'
import { plannedTopic } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = ({ node, config }) => {
  const table = textOf(config, 'readAs') === 'table'
  const topic = textOf(config, 'topic')
  const time = textOf(config, 'time')
  const keyFormat = format(textOf(config, 'keyFormat'))
  return {
    steps: [
      {
        id: node.id,
        node: node.id,
        op: table ? 'table' : 'stream',
        topic,
        timestamp:
          time === 'expression'
            ? { expr: textOf(config, 'timeExpression') }
            : time === 'wall-clock'
              ? 'wall-clock'
              : 'record',
        keyFormat,
        valueFormat: format(textOf(config, 'valueFormat')),
      },
    ],
    topics: [plannedTopic(topic, config)],
    outputs: { out: { step: node.id, type: table ? 'table' : 'stream', keyFormat } },
  }
}

function format(text: string): SerdeName {
  return text === 'string' ? 'string' : 'json'
}
