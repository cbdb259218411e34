import { textOf } from '../../pipeline/index.ts'
import type { SerdeName, Step } from '../../streams/plan.ts'
import { plannedTopic, required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

type Sink = Extract<Step, { op: 'to' }>

export const compile: CompileNode = (context) => {
  const { node, config } = context
  const input = required(context, 'in')
  const topic = textOf(config, 'topic')
  const acks = textOf(config, 'acks')
  const compression = textOf(config, 'compression')
  return {
    steps: [
      {
        id: node.id,
        node: node.id,
        op: 'to',
        from: input.step,
        topic,
        keyFormat: keyFormatOf(textOf(config, 'keyFormat'), input.keyFormat),
        valueFormat: textOf(config, 'valueFormat') === 'string' ? 'string' : 'json',
        partitioner: partitionerOf(textOf(config, 'partitioner'), textOf(config, 'partition')),
        ...(acks === '0' || acks === '1' ? { acks: acks === '0' ? 0 : 1 } : {}),
        ...(isCompression(compression) ? { compression } : {}),
      },
    ],
    topics: [plannedTopic(topic, config)],
    outputs: {},
  }
}

function keyFormatOf(chosen: string, flowing: SerdeName): SerdeName {
  if (chosen === 'string') return 'string'
  return flowing === 'windowed-json' ? flowing : 'json'
}

function partitionerOf(name: string, expr: string): Sink['partitioner'] {
  if (name === 'expression') return { expr }
  return name === 'round-robin' || name === 'least-bytes' ? name : 'default'
}

function isCompression(name: string): name is 'gzip' | 'snappy' | 'lz4' | 'zstd' {
  return ['gzip', 'snappy', 'lz4', 'zstd'].includes(name)
}
