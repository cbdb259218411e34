import { code, type NodeDefinition, streamInput, streamOutput, textOf } from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'filter',
  category: 'transform',
  title: 'Filter',
  summary: 'Keep what matches',
  order: 20,
  icon: 'funnel',
  docs: 'Keeps or drops the records for which the condition holds. What passes is unchanged.',
  fields: [
    {
      type: 'select',
      name: 'mode',
      label: 'Records that match',
      default: 'keep',
      options: [
        { value: 'keep', label: 'Keep' },
        { value: 'drop', label: 'Drop' },
      ],
    },
    {
      type: 'expression',
      name: 'condition',
      label: 'Condition',
      required: true,
      default: 'value !== null',
      placeholder: 'value.amount > 100',
    },
  ],
  ports: () => ({ inputs: [streamInput()], outputs: [streamOutput()] }),
  sentence: (config) => [
    textOf(config, 'mode') === 'drop' ? 'drop where ' : 'keep where ',
    code(textOf(config, 'condition')),
  ],
}
