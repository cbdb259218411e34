import {
  type ConfigProblem,
  clauses,
  code,
  type NodeConfig,
  type NodeDefinition,
  numberOf,
  partitionsField,
  readAsField,
  readAsOutput,
  shortExpression,
  textOf,
  timeExpressionField,
  timeSentence,
} from '../../pipeline/index.ts'

const sees = ['value', 'line']

export const definition: NodeDefinition = {
  kind: 'file-source',
  category: 'source',
  title: 'File',
  summary: 'CSV or NDJSON, whole or followed',
  order: 30,
  icon: 'file-text',
  docs: `Reads a file line by line: NDJSON holds one JSON value a line; CSV has the names of its columns in the first
line. In CSV, figures become numbers (not those with leading zeros, such as postcodes) and empty cells null.

A line that cannot be read is counted and shown, and reading goes on. *Follow* waits at the end of the file for more.

Read as a **table**, the file is loaded before the pipeline's other files and generators begin, and keeps the latest line
per key.`,
  fields: [
    {
      type: 'file',
      name: 'file',
      label: 'File',
      required: true,
      extensions: ['csv', 'tsv', 'ndjson', 'jsonl', 'json'],
    },
    readAsField,
    {
      type: 'select',
      name: 'format',
      label: 'Format',
      default: 'auto',
      half: true,
      options: [
        { value: 'auto', label: 'By the file’s ending' },
        { value: 'csv', label: 'CSV' },
        { value: 'ndjson', label: 'NDJSON' },
      ],
    },
    {
      type: 'select',
      name: 'mode',
      label: 'At the end',
      default: 'whole',
      half: true,
      options: [
        { value: 'whole', label: 'Stop' },
        { value: 'follow', label: 'Wait for more' },
      ],
    },
    {
      type: 'expression',
      name: 'key',
      label: 'Key',
      sees,
      placeholder: 'value.id',
      help: 'Empty: records without a key.',
    },
    {
      type: 'select',
      name: 'time',
      label: 'Event time from',
      default: 'wall-clock',
      half: true,
      options: [
        { value: 'expression', label: 'A field' },
        { value: 'wall-clock', label: 'The wall clock' },
        { value: 'beginning', label: 'Before all others (lookup data)' },
      ],
    },
    partitionsField,
    timeExpressionField(sees),
    {
      type: 'select',
      name: 'pace',
      label: 'Pace',
      default: 'fastest',
      half: true,
      options: [
        { value: 'fastest', label: 'As fast as possible' },
        { value: 'rate', label: 'So many a second' },
        { value: 'event-time', label: 'By event time' },
      ],
    },
    {
      type: 'number',
      name: 'rate',
      label: 'Rate',
      unit: 'records/s',
      default: 100,
      min: 0.01,
      half: true,
      when: { pace: ['rate'] },
    },
    {
      type: 'number',
      name: 'speed',
      label: 'Speed',
      unit: '×',
      default: 1,
      min: 0.001,
      half: true,
      when: { pace: ['event-time'] },
    },
    { type: 'type', name: 'valueType', label: 'Type of the value', default: 'any' },
  ],
  ports: (config) => ({ inputs: [], outputs: [readAsOutput(config)] }),
  sentence(config) {
    const file = textOf(config, 'file')
    const key = textOf(config, 'key')
    return clauses(
      file === ''
        ? ['no file chosen']
        : [textOf(config, 'readAs') === 'table' ? 'table from ' : '', code(baseName(file))],
      key === '' ? [] : ['key ', code(shortExpression(key))],
      timeSentence(config),
      paceSentence(config),
    )
  },
  check: checkTable,
  types(config, scope) {
    const names = { value: textOf(config, 'valueType'), line: 'number' }
    const key = textOf(config, 'key')
    if (textOf(config, 'time') === 'expression') {
      scope.expression('timeExpression', textOf(config, 'timeExpression'), names)
    }
    return {
      out: {
        key: key === '' ? 'null' : scope.expression('key', key, names),
        value: textOf(config, 'valueType'),
      },
    }
  },
}

function baseName(path: string): string {
  return path.split('/').at(-1) ?? path
}

function paceSentence(config: NodeConfig): string[] {
  const pace = textOf(config, 'pace')
  if (pace === 'rate') return [`${numberOf(config, 'rate')} records/s`]
  return pace === 'event-time' ? [`${numberOf(config, 'speed')} × event time`] : []
}

function checkTable(config: NodeConfig): ConfigProblem[] {
  if (textOf(config, 'readAs') !== 'table') return []
  const problems: ConfigProblem[] = []
  if (textOf(config, 'key') === '') {
    const remedy = 'say which field is the key'
    problems.push({ field: 'key', code: 'MR-129', what: 'a table’s rows need a key', remedy })
  }
  if (textOf(config, 'mode') === 'follow') {
    problems.push({
      field: 'mode',
      code: 'MR-130',
      what: 'a followed file is never wholly loaded, so other sources do not wait for it',
      remedy: 'stop at the end, if lookups must find every row',
    })
  }
  return problems
}
