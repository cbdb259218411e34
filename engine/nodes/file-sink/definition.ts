import { clauses, code, type NodeDefinition, streamInput, textOf } from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'file-sink',
  category: 'sink',
  title: 'File',
  summary: 'Write NDJSON or CSV',
  order: 20,
  icon: 'file-down',
  docs: `Appends each record to one file in the pipeline's folder. All records pass through a topic of one partition
first, \`<pipeline>-<node>-sink\`, so that a single writer keeps them in order; the committed offset moves when the file has
them. After a crash the last few records may be written again.

*Run from start* begins with an empty file; it removes only a file that this sink has begun. CSV has the columns that you name, or those of the first record.`,
  fields: [
    { type: 'file', name: 'file', label: 'File', required: true, default: 'out/records.ndjson' },
    {
      type: 'select',
      name: 'format',
      label: 'Format',
      default: 'ndjson',
      half: true,
      options: [
        { value: 'ndjson', label: 'NDJSON' },
        { value: 'csv', label: 'CSV' },
      ],
    },
    {
      type: 'select',
      name: 'content',
      label: 'Each line holds',
      default: 'value',
      half: true,
      options: [
        { value: 'value', label: 'The value' },
        { value: 'record', label: 'Key, time and value' },
      ],
    },
    {
      type: 'text',
      name: 'columns',
      label: 'Columns',
      placeholder: 'id, amount, user.name',
      help: 'Paths into the value, separated by commas. Empty: the fields of the first record.',
      when: { format: ['csv'] },
    },
  ],
  ports: () => ({ inputs: [streamInput()], outputs: [] }),
  sentence(config) {
    const file = textOf(config, 'file')
    return clauses(file === '' ? ['no file chosen'] : [code(file)], [
      textOf(config, 'format') === 'csv' ? 'CSV' : 'NDJSON',
    ])
  },
}
