import {
  clauses,
  code,
  formatFields,
  type NodeDefinition,
  partitionsField,
  partitionsSentence,
  readAsField,
  readAsOutput,
  textOf,
  timeExpressionField,
  timeSentence,
} from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'topic-source',
  category: 'source',
  title: 'Topic',
  summary: 'Read a Kafka topic',
  order: 10,
  icon: 'radio-tower',
  docs: `Reads a topic of the cluster that the pipeline runs on, from its beginning, or from where the last run stopped.

As a **table** it keeps the latest value per key; a record without a value deletes the row, and a record without a key is
dropped. A record that is not of the chosen format, or whose event time is negative, is dropped and counted.`,
  fields: [
    { type: 'topic', name: 'topic', label: 'Topic', required: true },
    readAsField,
    ...formatFields,
    {
      type: 'select',
      name: 'time',
      label: 'Event time from',
      default: 'record',
      half: true,
      options: [
        { value: 'record', label: 'The record’s timestamp' },
        { value: 'expression', label: 'A field' },
        { value: 'wall-clock', label: 'The wall clock' },
      ],
    },
    partitionsField,
    timeExpressionField(['key', 'value', 'timestamp']),
    { type: 'type', name: 'keyType', label: 'Type of the key', default: 'string' },
    { type: 'type', name: 'valueType', label: 'Type of the value', default: 'any' },
  ],
  ports: (config) => ({ inputs: [], outputs: [readAsOutput(config)] }),
  sentence(config) {
    const topic = textOf(config, 'topic')
    const table = textOf(config, 'readAs') === 'table'
    return clauses(
      topic === '' ? ['no topic chosen'] : [table ? 'table from ' : 'topic ', code(topic)],
      partitionsSentence(config),
      timeSentence(config),
    )
  },
  types: (config) => ({ out: { key: textOf(config, 'keyType'), value: textOf(config, 'valueType') } }),
}
