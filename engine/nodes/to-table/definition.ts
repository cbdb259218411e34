import { type NodeDefinition, streamInput } from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'to-table',
  category: 'state',
  title: 'To table',
  summary: 'The latest value per key',
  order: 20,
  icon: 'table-2',
  docs: `Keeps the latest value of each key, in order of arrival. A record without a value deletes the row; one without a
key is dropped and counted.`,
  fields: [],
  ports: () => ({
    inputs: [streamInput()],
    outputs: [{ name: 'out', label: 'out', type: 'table' }],
  }),
  sentence: () => ['latest value per key'],
}
