import {
  clauses,
  code,
  durationText,
  joinedValueDefault,
  joinTypeField,
  type NodeConfig,
  type NodeDefinition,
  numberOf,
  type SentencePart,
  shortExpression,
  streamInput,
  streamOutput,
  textOf,
} from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: 'stream-stream-join',
  category: 'join',
  title: 'Stream–stream join',
  summary: 'Within a time window',
  order: 10,
  icon: 'git-merge',
  docs: `Joins each record of the left stream with those of the right one that have the same key and whose event time
lies from *before* earlier to *after* later. The result has the later of both times.

A **left** join also gives left records without a match, with \`right\` null, once their window and the grace have
passed. Records without a value or key are dropped and counted (a left join keeps left ones without a key).`,
  fields: [
    joinTypeField,
    { type: 'duration', name: 'graceMs', label: 'Grace', default: 0, half: true },
    {
      type: 'duration',
      name: 'beforeMs',
      label: 'Right up to … before',
      default: 60_000,
      half: true,
    },
    { type: 'duration', name: 'afterMs', label: 'Right up to … after', default: 60_000, half: true },
    {
      type: 'expression',
      name: 'leftKey',
      label: 'Left key',
      help: 'Empty: the key as it is.',
      placeholder: 'value.user',
    },
    {
      type: 'expression',
      name: 'rightKey',
      label: 'Right key',
      help: 'Empty: the key as it is.',
      placeholder: 'value.user',
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
    inputs: [streamInput('left', 'left'), streamInput('right', 'right')],
    outputs: [streamOutput()],
  }),
  sentence: (config) =>
    clauses([`stream–stream, ${textOf(config, 'type')}`], keySentence(config), [
      `${durationText(numberOf(config, 'beforeMs'))} before to ${durationText(numberOf(config, 'afterMs'))} after`,
    ]),
  check(config) {
    if (numberOf(config, 'beforeMs') + numberOf(config, 'afterMs') > 0) return []
    return [
      {
        field: 'afterMs',
        code: 'MR-127',
        what: 'only records of exactly the same time would match',
        remedy: 'give the window some length before or after',
      },
    ]
  },
  types(config, scope) {
    const { left, right } = scope.inputs
    const leftNames = { key: left?.key ?? 'any', value: left?.value ?? 'any' }
    const rightNames = { key: right?.key ?? 'any', value: right?.value ?? 'any' }
    const leftKey = textOf(config, 'leftKey')
    const rightKey = textOf(config, 'rightKey')
    const key = leftKey === '' ? leftNames.key : scope.expression('leftKey', leftKey, leftNames)
    if (rightKey !== '') scope.expression('rightKey', rightKey, rightNames)
    const missing = textOf(config, 'type') === 'left' ? ' | null' : ''
    const names = { key, left: leftNames.value, right: `${rightNames.value}${missing}` }
    return { out: { key, value: scope.expression('joiner', textOf(config, 'joiner'), names) } }
  },
}

function keySentence(config: NodeConfig): readonly SentencePart[] {
  const left = textOf(config, 'leftKey')
  const right = textOf(config, 'rightKey')
  if (left === '' && right === '') return []
  if (left === right) return ['on ', code(shortExpression(left))]
  return ['on ', code(shortExpression(left || 'key')), ' = ', code(shortExpression(right || 'key'))]
}
