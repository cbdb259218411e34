import {
  type ConfigProblem,
  clauses,
  code,
  durationText,
  type FieldSpec,
  listOf,
  type NodeConfig,
  type NodeDefinition,
  numberOf,
  type SentencePart,
  shortExpression,
  streamInput,
  type TypeScope,
  textOf,
} from '../../pipeline/index.ts'

const windowed = ['tumbling', 'hopping']

const functionFields: readonly FieldSpec[] = [
  {
    type: 'select',
    name: 'fn',
    label: 'Function',
    default: 'count',
    half: true,
    options: [
      { value: 'count', label: 'count' },
      { value: 'sum', label: 'sum' },
      { value: 'avg', label: 'average' },
      { value: 'min', label: 'min' },
      { value: 'max', label: 'max' },
    ],
  },
  {
    type: 'text',
    name: 'as',
    label: 'Result',
    required: true,
    default: 'count',
    pattern: '[A-Za-z_$][A-Za-z0-9_$]*',
    help: 'a name as in JavaScript',
    half: true,
  },
  {
    type: 'expression',
    name: 'expr',
    label: 'Of',
    required: true,
    sees: ['key', 'value'],
    placeholder: 'value.amount',
    when: { fn: ['sum', 'avg', 'min', 'max'] },
  },
]

export const definition: NodeDefinition = {
  kind: 'window-aggregate',
  category: 'state',
  title: 'Aggregate',
  summary: 'Count, sum, average by key and window',
  order: 10,
  icon: 'timer',
  docs: `Groups records by a key and keeps figures for each group, over all time or per window of event time.

A window takes records until stream time has passed its end by the *grace*; later ones are dropped and counted. *On
update* gives a new result for every record, *on close* one result per window when it can no longer change. Records
without a key are dropped. What is not a number is left out of sums, averages and extremes.`,
  fields: [
    {
      type: 'expression',
      name: 'groupBy',
      label: 'Group by',
      placeholder: 'value.user',
      help: 'Empty: by the key as it is.',
    },
    {
      type: 'select',
      name: 'window',
      label: 'Window',
      default: 'tumbling',
      half: true,
      options: [
        { value: 'none', label: 'None' },
        { value: 'tumbling', label: 'Tumbling' },
        { value: 'hopping', label: 'Hopping' },
      ],
    },
    {
      type: 'duration',
      name: 'sizeMs',
      label: 'Size',
      default: 60_000,
      min: 1,
      half: true,
      when: { window: windowed },
    },
    {
      type: 'duration',
      name: 'advanceMs',
      label: 'Advance',
      default: { of: 'sizeMs', by: 6 },
      min: 1,
      half: true,
      when: { window: ['hopping'] },
    },
    { type: 'duration', name: 'graceMs', label: 'Grace', default: 0, half: true, when: { window: windowed } },
    {
      type: 'select',
      name: 'emit',
      label: 'Emit',
      default: 'on-update',
      half: true,
      when: { window: windowed },
      options: [
        { value: 'on-update', label: 'On update' },
        { value: 'on-window-close', label: 'On close' },
      ],
    },
    {
      type: 'list',
      name: 'functions',
      label: 'Functions',
      addLabel: 'Add a function',
      min: 1,
      default: [{ fn: 'count', as: 'count' }],
      item: functionFields,
    },
  ],
  ports: (config) => ({
    inputs: [streamInput()],
    outputs: [{ name: 'out', label: 'out', type: isWindowed(config) ? 'windowed-table' : 'table' }],
  }),
  sentence: (config) => clauses(functionsSentence(config), windowSentence(config), emitSentence(config)),
  check,
  types(config, scope) {
    const groupBy = textOf(config, 'groupBy')
    const key = groupBy === '' ? (scope.inputs.in?.key ?? 'any') : scope.expression('groupBy', groupBy)
    return {
      out: { key: isWindowed(config) ? `Windowed<${key}>` : key, value: `{ ${resultTypes(config, scope)} }` },
    }
  },
}

function isWindowed(config: NodeConfig): boolean {
  return textOf(config, 'window') !== 'none'
}

function resultTypes(config: NodeConfig, scope: TypeScope): string {
  const members = listOf(config, 'functions').map((item, index) => {
    const fn = textOf(item, 'fn')
    const name = JSON.stringify(textOf(item, 'as'))
    if (fn === 'count') return `${name}: number`
    const type = scope.expression(`functions.${index}.expr`, textOf(item, 'expr'))
    return `${name}: ${fn === 'sum' ? 'number' : `NumberOrNull<${type}>`}`
  })
  return members.join('; ')
}

function functionsSentence(config: NodeConfig): SentencePart[] {
  const functions = [...new Set(listOf(config, 'functions').map((item) => textOf(item, 'fn')))].join(', ')
  const groupBy = textOf(config, 'groupBy')
  return groupBy === '' ? [`${functions} by key`] : [`${functions} by `, code(shortExpression(groupBy))]
}

function windowSentence(config: NodeConfig): SentencePart[] {
  if (!isWindowed(config)) return []
  const size = durationText(numberOf(config, 'sizeMs'))
  const grace = numberOf(config, 'graceMs')
  const late = grace > 0 ? `, ${durationText(grace)} grace` : ''
  if (textOf(config, 'window') === 'tumbling') return [`${size} tumbling${late}`]
  return [`${size} hopping by ${durationText(numberOf(config, 'advanceMs'))}${late}`]
}

function emitSentence(config: NodeConfig): SentencePart[] {
  return isWindowed(config) && textOf(config, 'emit') === 'on-window-close' ? ['emit on close'] : []
}

/** Each record is counted in every window that it falls into, and each has a row in the store and the changelog. */
const windowsMax = 100

function checkOverlap(config: NodeConfig): ConfigProblem[] {
  if (textOf(config, 'window') !== 'hopping') return []
  const sizeMs = numberOf(config, 'sizeMs')
  const windows = Math.ceil(sizeMs / Math.max(1, numberOf(config, 'advanceMs')))
  if (windows <= windowsMax) return []
  const least = durationText(Math.ceil(sizeMs / windowsMax))
  return [
    {
      field: 'advanceMs',
      code: 'MR-132',
      what: `each record falls into ${windows} windows, which takes its time and memory`,
      remedy: `make the advance ${least} or longer`,
    },
  ]
}

function check(config: NodeConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (textOf(config, 'window') === 'hopping' && numberOf(config, 'advanceMs') > numberOf(config, 'sizeMs')) {
    problems.push({
      field: 'advanceMs',
      code: 'MR-121',
      what: 'the windows leave gaps, in which records would be lost',
      remedy: 'make the advance at most as long as the size',
    })
  }
  problems.push(...checkOverlap(config))
  const seen = new Set<string>()
  listOf(config, 'functions').forEach((item, index) => {
    const name = textOf(item, 'as')
    if (seen.has(name)) {
      const what = `two results are called “${name}”`
      problems.push({
        field: `functions.${index}.as`,
        code: 'MR-122',
        what,
        remedy: 'give one of them another name',
      })
    }
    seen.add(name)
  })
  return problems
}
