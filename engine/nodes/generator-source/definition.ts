import {
  clauses,
  code,
  countText,
  type NodeDefinition,
  numberOf,
  partitionsField,
  streamOutput,
  textOf,
} from '../../pipeline/index.ts'

/** What the generator's expressions see, as types. `runtime.ts` provides them under the same names. */
const names = {
  index: 'number',
  timestamp: 'number',
  int: '(low: number, high: number) => number',
  float: '(low: number, high: number) => number',
  normal: '(mean: number, deviation: number) => number',
  pick: '<const T>(...choices: readonly T[]) => T',
  skewed: '<const T>(...choices: readonly T[]) => T',
  chance: '(probability: number) => boolean',
}

const sees = Object.keys(names)

export const definition: NodeDefinition = {
  kind: 'generator-source',
  category: 'source',
  title: 'Generator',
  summary: 'Make records by a rule',
  order: 20,
  icon: 'sparkles',
  docs: `Makes records at a steady rate. The same seed makes the same records, also when a run goes on after a stop.

Expressions see \`index\` (from 0), \`timestamp\` (the record's event time), \`int(low, high)\` and \`float(low, high)\`,
\`normal(mean, deviation)\`, \`pick(a, b, …)\`, \`skewed(a, b, …)\` (each choice half as likely as the one before it) and
\`chance(probability)\`.

*Disorder* takes up to so much off a record's event time, so that records come out of order.`,
  fields: [
    {
      type: 'expression',
      name: 'key',
      label: 'Key',
      sees,
      placeholder: "pick('ann', 'ben')",
      help: 'Empty: records without a key.',
    },
    {
      type: 'expression',
      name: 'value',
      label: 'Value',
      sees,
      required: true,
      default: '({ id: index, amount: int(1, 100) })',
    },
    {
      type: 'number',
      name: 'rate',
      label: 'Rate',
      unit: 'records/s',
      default: 100,
      min: 0.01,
      max: 1_000_000,
      half: true,
    },
    {
      type: 'number',
      name: 'count',
      label: 'Stop after',
      unit: 'records',
      help: '0: never.',
      default: 0,
      min: 0,
      integer: true,
      half: true,
    },
    { type: 'number', name: 'seed', label: 'Seed', default: 1, min: 0, integer: true, half: true },
    partitionsField,
    {
      type: 'select',
      name: 'time',
      label: 'Event time',
      default: 'wall-clock',
      half: true,
      options: [
        { value: 'wall-clock', label: 'The wall clock' },
        { value: 'stepped', label: 'In even steps from a start' },
      ],
    },
    { type: 'duration', name: 'disorderMs', label: 'Disorder', default: 0, half: true },
    {
      type: 'text',
      name: 'startTime',
      label: 'Start',
      default: '2024-01-01T00:00:00Z',
      help: 'An ISO 8601 time with its zone, such as 2024-01-01T00:00:00Z.',
      pattern: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)',
      required: true,
      half: true,
      when: { time: ['stepped'] },
    },
    {
      type: 'duration',
      name: 'stepMs',
      label: 'Step',
      default: 1000,
      min: 1,
      half: true,
      when: { time: ['stepped'] },
    },
  ],
  ports: () => ({ inputs: [], outputs: [streamOutput()] }),
  sentence(config) {
    const count = numberOf(config, 'count')
    const key = textOf(config, 'key')
    return clauses(
      [`${numberOf(config, 'rate')} records/s`],
      count > 0 ? [countText(count, 'record')] : [],
      key === '' ? [] : ['key ', code(key)],
    )
  },
  types(config, scope) {
    const key = textOf(config, 'key')
    return {
      out: {
        key: key === '' ? 'null' : scope.expression('key', key, names),
        value: scope.expression('value', textOf(config, 'value'), names),
      },
    }
  },
}
