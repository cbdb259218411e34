import {
  code,
  type NodeDefinition,
  shortExpression,
  streamInput,
  streamOutput,
  textOf,
} from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'select-key',
  category: 'transform',
  title: 'Select key',
  summary: 'Give records another key',
  order: 35,
  icon: 'key-round',
  docs: `Sets the key and leaves the value. Records with the same key come together in one partition before the next step
that needs it (a join, an aggregate); those without a key are dropped there.`,
  fields: [{ type: 'expression', name: 'key', label: 'New key', required: true, placeholder: 'value.user' }],
  ports: () => ({ inputs: [streamInput()], outputs: [streamOutput()] }),
  sentence: (config) => ['key by ', code(shortExpression(textOf(config, 'key')))],
  types: (config, scope) => ({
    out: { key: scope.expression('key', textOf(config, 'key')), value: scope.inputs.in?.value ?? 'any' },
  }),
}
