import { code, type NodeDefinition, streamInput, streamOutput, textOf } from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'flat-map',
  category: 'transform',
  title: 'Flat map',
  summary: 'One in, any number out',
  order: 30,
  icon: 'unfold-horizontal',
  docs: `Makes any number of records of each one: a list of values that keep the key, or a list of \`[key, value]\`
pairs. An empty list drops the record. Timestamp and headers stay.`,
  fields: [
    {
      type: 'select',
      name: 'makes',
      label: 'The list holds',
      default: 'values',
      options: [
        { value: 'values', label: 'Values (the key stays)' },
        { value: 'pairs', label: '[key, value] pairs' },
      ],
    },
    {
      type: 'expression',
      name: 'list',
      label: 'List',
      required: true,
      default: '[value]',
      placeholder: 'value.items',
    },
  ],
  ports: () => ({ inputs: [streamInput()], outputs: [streamOutput()] }),
  sentence: (config) => ['each of ', code(textOf(config, 'list'))],
  types(config, scope) {
    if (textOf(config, 'makes') === 'pairs') {
      const names = { $result: 'Iterable<readonly [unknown, unknown]>' }
      const list = scope.expression('list', textOf(config, 'list'), names)
      return { out: { key: `First<Item<${list}>>`, value: `Second<Item<${list}>>` } }
    }
    const list = scope.expression('list', textOf(config, 'list'), { $result: 'Iterable<unknown>' })
    return { out: { key: scope.inputs.in?.key ?? 'any', value: `Item<${list}>` } }
  },
}
