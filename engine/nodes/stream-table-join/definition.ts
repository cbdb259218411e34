import {
  clauses,
  code,
  joinedValueDefault,
  joinTypeField,
  type NodeDefinition,
  shortExpression,
  streamInput,
  streamOutput,
  textOf,
} from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'stream-table-join',
  category: 'join',
  title: 'Stream–table join',
  summary: 'Enrich from a table',
  order: 20,
  icon: 'table-properties',
  docs: `Looks up each record's key in the table, as the table is when the record is processed, and gives the result with
the record's time. Changes of the table give nothing by themselves.

An **inner** join drops records without a row, a **left** join gives them with \`right\` null. Records without a value
are dropped and counted, those without a key too in an inner join.`,
  fields: [
    joinTypeField,
    {
      type: 'expression',
      name: 'on',
      label: 'Look up',
      placeholder: 'value.user',
      help: 'The key of the row. Empty: the record’s key as it is.',
      half: true,
    },
    {
      type: 'expression',
      name: 'joiner',
      label: 'Result',
      required: true,
      sees: ['key', 'left', 'right'],
      default: joinedValueDefault,
    },
  ],
  ports: () => ({
    inputs: [streamInput('left', 'stream'), { name: 'right', label: 'table', type: 'table', edgesMax: 1 }],
    outputs: [streamOutput()],
  }),
  sentence(config) {
    const on = textOf(config, 'on')
    return clauses(
      [`stream–table, ${textOf(config, 'type')}`],
      on === '' ? [] : ['on ', code(shortExpression(on))],
    )
  },
  types(config, scope) {
    const { left, right } = scope.inputs
    const on = textOf(config, 'on')
    const key = on === '' ? (left?.key ?? 'any') : scope.expression('on', on)
    const missing = textOf(config, 'type') === 'left' ? ' | null' : ''
    const names = { key, left: left?.value ?? 'any', right: `${right?.value ?? 'any'}${missing}` }
    return { out: { key, value: scope.expression('joiner', textOf(config, 'joiner'), names) } }
  },
}
