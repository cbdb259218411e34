import {
  clauses,
  code,
  type NodeDefinition,
  streamInput,
  streamOutput,
  textOf,
} from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'map',
  category: 'transform',
  title: 'Map',
  summary: 'One record in, one out',
  order: 10,
  icon: 'arrow-right-left',
  docs: `Makes a new value, and if you like a new key, of each record. Timestamp and headers stay.

A new key moves records to other partitions before the next step that needs them together (a join, an aggregate).`,
  fields: [
    { type: 'expression', name: 'value', label: 'New value', default: 'value', required: true },
    {
      type: 'expression',
      name: 'key',
      label: 'New key',
      placeholder: 'key',
      help: 'Empty: the key stays.',
    },
  ],
  ports: () => ({ inputs: [streamInput()], outputs: [streamOutput()] }),
  sentence(config) {
    const key = textOf(config, 'key')
    return clauses([code(textOf(config, 'value'))], key === '' ? [] : ['key ', code(key)])
  },
  types(config, scope) {
    const key = textOf(config, 'key')
    return {
      out: {
        key: key === '' ? (scope.inputs.in?.key ?? 'any') : scope.expression('key', key),
        value: scope.expression('value', textOf(config, 'value')),
      },
    }
  },
}
