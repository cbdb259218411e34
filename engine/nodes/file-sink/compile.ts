import { required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

/** Through a topic of one partition: one task, and so one writer, whatever the partitions before it. */
export const compile: CompileNode = (context) => {
  const { node, config, applicationId } = context
  const input = required(context, 'in')
  const { id } = node
  const topic = `${applicationId}-${id}-sink`
  const keyFormat = input.keyFormat
  return {
    steps: [
      { id: `${id}-gather`, node: id, op: 'to', from: input.step, topic, keyFormat, valueFormat: 'json' },
      {
        id: `${id}-read`,
        node: id,
        op: 'stream',
        topic,
        timestamp: 'record',
        keyFormat,
        valueFormat: 'json',
      },
      { id, node: id, op: 'external', from: `${id}-read`, kind: node.kind, config },
    ],
    topics: [{ name: topic, partitions: 1, configs: { 'retention.ms': '-1' } }],
    outputs: {},
  }
}
