/** Fields and ports that several kinds share. They stand here because a definition may import nothing but this layer. */
import { numberOf, textOf } from './config.ts'
import type { FieldSpec, PortSpec, SentencePart } from './definition.ts'
import type { NodeConfig } from './document.ts'
import { code, shortExpression } from './sentence.ts'

/** Takes streams, and tables as the streams of their updates. */
export function streamInput(name = 'in', label = 'in', edgesMax = 16): PortSpec {
  return { name, label, type: 'stream', alsoTakes: ['table', 'windowed-table'], edgesMax }
}

export function streamOutput(name = 'out', label = name): PortSpec {
  return { name, label, type: 'stream' }
}

export const partitionsField: FieldSpec = {
  type: 'number',
  name: 'partitions',
  label: 'Partitions',
  help: 'Of the topic, when it is created. Inputs of a join need the same number.',
  default: 6,
  min: 1,
  max: 1000,
  integer: true,
  half: true,
}

/** How a topic's records are written, `keyFormat` and `valueFormat`. */
export const formatFields: readonly FieldSpec[] = [
  ['keyFormat', 'Key'] as const,
  ['valueFormat', 'Value'] as const,
].map(([name, label]) => ({
  type: 'select',
  name,
  label,
  default: 'json',
  half: true,
  options: [
    { value: 'json', label: 'JSON' },
    { value: 'string', label: 'Text (UTF-8)' },
  ],
}))

export const readAsField: FieldSpec = {
  type: 'select',
  name: 'readAs',
  label: 'Read as',
  default: 'stream',
  options: [
    { value: 'stream', label: 'Stream: every record counts' },
    { value: 'table', label: 'Table: the latest record per key' },
  ],
}

/** One output, of the type that `readAs` says. */
export function readAsOutput(config: NodeConfig): PortSpec {
  return { name: 'out', label: 'out', type: textOf(config, 'readAs') === 'table' ? 'table' : 'stream' }
}

export function timeExpressionField(sees?: readonly string[]): FieldSpec {
  return {
    type: 'expression',
    name: 'timeExpression',
    label: 'Event time',
    help: 'Milliseconds since 1970, a Date, or an ISO 8601 text.',
    placeholder: 'value.at',
    required: true,
    when: { time: ['expression'] },
    ...(sees ? { sees } : {}),
  }
}

export function timeSentence(config: NodeConfig): readonly SentencePart[] {
  if (textOf(config, 'time') !== 'expression') return []
  return ['event time ', code(shortExpression(textOf(config, 'timeExpression')))]
}

export function partitionsSentence(config: NodeConfig): readonly SentencePart[] {
  const partitions = numberOf(config, 'partitions', 1)
  return [partitions === 1 ? '1 partition' : `${partitions} partitions`]
}

/** Key and value of a join as its expression sees them. */
export const joinedValueDefault = '({ ...left, ...right })'

export const joinTypeField: FieldSpec = {
  type: 'select',
  name: 'type',
  label: 'Join',
  default: 'inner',
  half: true,
  options: [
    { value: 'inner', label: 'Inner: only what matches' },
    { value: 'left', label: 'Left: all of the left side' },
  ],
}
