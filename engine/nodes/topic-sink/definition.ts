import {
  type ConfigProblem,
  clauses,
  code,
  formatFields,
  type NodeDefinition,
  partitionsField,
  partitionsSentence,
  streamInput,
  textOf,
} from '../../pipeline/index.ts'

const partitionerNames: Readonly<Record<string, string>> = {
  'round-robin': 'round robin',
  'least-bytes': 'least bytes',
}

export const definition: NodeDefinition = {
  kind: 'topic-sink',
  category: 'sink',
  title: 'Topic',
  summary: 'Write a Kafka topic',
  order: 10,
  icon: 'database',
  docs: `Writes to a topic, which is created when it is missing. A windowed key is written as
\`{"key": …, "windowStartMs": …, "windowEndMs": …}\`.

With Kafka's own partitioner records with the same key go to the same partition, and those without a key fill one batch
after the other.`,
  fields: [
    { type: 'topic', name: 'topic', label: 'Topic', required: true },
    partitionsField,
    {
      type: 'select',
      name: 'partitioner',
      label: 'Partitioner',
      default: 'default',
      half: true,
      options: [
        { value: 'default', label: 'Kafka’s, by key' },
        { value: 'round-robin', label: 'Round robin' },
        { value: 'least-bytes', label: 'Least bytes' },
        { value: 'expression', label: 'An expression' },
      ],
    },
    {
      type: 'expression',
      name: 'partition',
      label: 'Partition',
      sees: ['key', 'value', 'timestamp', 'headers', 'partitions'],
      placeholder: 'value.region % partitions',
      required: true,
      when: { partitioner: ['expression'] },
    },
    ...formatFields,
    {
      type: 'select',
      name: 'acks',
      label: 'Acks',
      default: 'all',
      half: true,
      options: [
        { value: 'all', label: 'All in-sync replicas' },
        { value: '1', label: 'The leader' },
        { value: '0', label: 'None' },
      ],
    },
    {
      type: 'select',
      name: 'compression',
      label: 'Compression',
      default: 'none',
      half: true,
      options: ['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((value) => ({ value, label: value })),
    },
  ],
  ports: () => ({ inputs: [streamInput()], outputs: [] }),
  sentence(config) {
    const topic = textOf(config, 'topic')
    const partitioner = partitionerNames[textOf(config, 'partitioner')]
    return clauses(
      topic === '' ? ['no topic chosen'] : ['topic ', code(topic)],
      partitionsSentence(config),
      partitioner ? [partitioner] : [],
    )
  },
  check(config) {
    const problems: ConfigProblem[] = []
    if (textOf(config, 'topic').startsWith('__')) {
      problems.push({
        field: 'topic',
        code: 'MR-125',
        what: 'names that begin with two underscores belong to the brokers',
        remedy: 'choose another name',
      })
    }
    return problems
  },
  types(config, scope) {
    if (textOf(config, 'partitioner') === 'expression') {
      const names = {
        key: scope.inputs.in?.key ?? 'any',
        value: scope.inputs.in?.value ?? 'any',
        timestamp: 'number',
        headers: 'Headers',
        partitions: 'number',
        $result: 'number',
      }
      scope.expression('partition', textOf(config, 'partition'), names)
    }
    return {}
  },
}
