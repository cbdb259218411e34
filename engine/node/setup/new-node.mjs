// Makes the folder of a new node kind, which passes its tests as it is:
// `npm run new:node -- KIND --category source|transform|state|join|sink [--folder DIR]`. Runs on any Node from 20, without dependencies.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { nodeLists } from './generate-nodes.mjs'

const nodesFolder = fileURLToPath(new URL('../../nodes/', import.meta.url))
const categories = ['source', 'transform', 'state', 'join', 'sink']

/** Writes the folder into `folder` and both lists beside it. */
function newNode(kind, category, folder = nodesFolder) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kind ?? '')) {
    throw usage(
      `"${kind ?? ''}" is no name for a kind`,
      'use lower-case words with dashes, such as running-total',
    )
  }
  if (!categories.includes(category)) {
    throw usage(`"${category ?? ''}" is no category`, `--category is one of ${categories.join(', ')}`)
  }
  const target = join(folder, kind)
  if (existsSync(target)) throw usage(`the kind ${kind} is there already`, 'choose another name')
  mkdirSync(target)
  for (const [name, text] of Object.entries(files(kind, category))) writeFileSync(join(target, name), text)
  for (const [name, text] of Object.entries(nodeLists(folder))) writeFileSync(join(folder, name), text)
  return target
}

function files(kind, category) {
  const { ports, definition, compile, cases } = shapes[category]
  return {
    'definition.ts': definitionText(kind, category, ports, definition),
    'compile.ts': compile,
    'cases.ts': `import type { NodeCase } from '../kind.ts'\n\nexport const cases: readonly NodeCase[] = [\n${cases}]\n`,
  }
}

function definitionText(kind, category, ports, { imports, fields, sentence, types }) {
  const title = kind[0].toUpperCase() + kind.slice(1).replaceAll('-', ' ')
  return `import { ${imports} } from '../../pipeline/index.ts'

export const definition: NodeDefinition = {
  kind: '${kind}',
  category: '${category}',
  title: '${title}',
  summary: 'What it does in a few words',
  icon: 'box',
  docs: 'What it does with each record, when it drops one, and what it keeps.',
  fields: [
${fields}  ],
  ports: () => (${ports}),
  sentence: ${sentence},
${types}}
`
}

const valueField = `    { type: 'expression', name: 'value', label: 'New value', required: true, default: 'value' },
`
const topicField = `    { type: 'topic', name: 'topic', label: 'Topic', required: true },
`

const oneToOne = {
  ports: '{ inputs: [streamInput()], outputs: [streamOutput()] }',
  definition: {
    imports: 'code, type NodeDefinition, streamInput, streamOutput, textOf',
    fields: valueField,
    sentence: "(config) => [code(textOf(config, 'value'))]",
    types: `  types: (config, scope) => ({
    out: { key: scope.inputs.in?.key ?? 'any', value: scope.expression('value', textOf(config, 'value')) },
  }),
`,
  },
  compile: `import { textOf } from '../../pipeline/index.ts'
import { streamStep } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const expr = textOf(context.config, 'value')
  return streamStep(context, (from, base) => ({ ...base, op: 'mapValues', from, expr }))
}
`,
  cases: `  {
    name: 'makes a new value of each record',
    config: { value: '[value]' },
    send: [{ port: 'in', key: 'a', value: 1, timestampMs: 1 }],
    expected: [{ port: 'out', key: 'a', value: [1], timestampMs: 1 }],
  },
`,
}

const shapes = {
  transform: oneToOne,
  state: {
    ports: "{ inputs: [streamInput()], outputs: [{ name: 'out', label: 'out', type: 'table' }] }",
    definition: {
      imports: 'type NodeDefinition, streamInput',
      fields: '',
      sentence: "() => ['latest value per key']",
      types: '',
    },
    compile: `import { required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const input = required(context, 'in')
  const { id } = context.node
  return {
    steps: [{ id, node: id, op: 'toTable', from: input.step }],
    outputs: { out: { step: id, type: 'table', keyFormat: input.keyFormat } },
  }
}
`,
    cases: `  {
    name: 'gives each update',
    config: {},
    send: [{ port: 'in', key: 'a', value: 1, timestampMs: 1 }],
    expected: [{ port: 'out', key: 'a', value: 1, timestampMs: 1 }],
  },
`,
  },
  join: {
    ports: `{
    inputs: [streamInput('left', 'left'), streamInput('right', 'right')],
    outputs: [streamOutput()],
  }`,
    definition: {
      imports: 'type NodeDefinition, streamInput, streamOutput',
      fields: '',
      sentence: "() => ['both sides as one stream']",
      types: '',
    },
    compile: `import { required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const left = required(context, 'left')
  const right = required(context, 'right')
  const { id } = context.node
  return {
    steps: [{ id, node: id, op: 'merge', from: [left.step, right.step] }],
    outputs: { out: { step: id, type: 'stream', keyFormat: left.keyFormat } },
  }
}
`,
    cases: `  {
    name: 'gives the records of both sides',
    config: {},
    send: [
      { port: 'left', key: 'a', value: 1, timestampMs: 1 },
      { port: 'right', key: 'b', value: 2, timestampMs: 2 },
    ],
    expected: [
      { port: 'out', key: 'a', value: 1, timestampMs: 1 },
      { port: 'out', key: 'b', value: 2, timestampMs: 2 },
    ],
  },
`,
  },
  source: {
    ports: '{ inputs: [], outputs: [streamOutput()] }',
    definition: {
      imports: 'code, type NodeDefinition, streamOutput, textOf',
      fields: topicField,
      sentence: "(config) => ['topic ', code(textOf(config, 'topic'))]",
      types: "  types: () => ({ out: { key: 'string', value: 'any' } }),\n",
    },
    compile: `import { textOf } from '../../pipeline/index.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = ({ node, config }) => ({
  steps: [{ id: node.id, node: node.id, op: 'stream', topic: textOf(config, 'topic') }],
  outputs: { out: { step: node.id, type: 'stream', keyFormat: 'json' } },
})
`,
    cases: `  {
    name: 'reads its topic',
    config: { topic: 'input' },
    send: [{ port: 'topic', key: 'a', value: 1, timestampMs: 1 }],
    expected: [{ port: 'out', key: 'a', value: 1, timestampMs: 1 }],
  },
`,
  },
  sink: {
    ports: '{ inputs: [streamInput()], outputs: [] }',
    definition: {
      imports: 'code, type NodeDefinition, streamInput, textOf',
      fields: topicField,
      sentence: "(config) => ['topic ', code(textOf(config, 'topic'))]",
      types: '',
    },
    compile: `import { textOf } from '../../pipeline/index.ts'
import { required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = (context) => {
  const { id } = context.node
  const from = required(context, 'in').step
  return { steps: [{ id, node: id, op: 'to', from, topic: textOf(context.config, 'topic') }], outputs: {} }
}
`,
    cases: `  {
    name: 'writes its topic',
    config: { topic: 'output' },
    send: [{ port: 'in', key: 'a', value: 1, timestampMs: 1 }],
    expected: [{ port: 'topic', key: 'a', value: 1, timestampMs: 1 }],
  },
`,
  },
}

function usage(what, remedy) {
  return Object.assign(new Error(`${what}: ${remedy}`), { code: 'BAD_USAGE' })
}

function main() {
  try {
    const { values, positionals } = parseArgs({
      options: { category: { type: 'string' }, folder: { type: 'string' } },
      allowPositionals: true,
    })
    const target = newNode(positionals[0], values.category, values.folder)
    process.stdout.write(`${target}\nnow describe it in definition.ts, and say in cases.ts what it must do\n`)
  } catch (error) {
    process.stderr.write(`error ${error.code ?? 'FAILED'}: ${error.message}\n`)
    process.exitCode = 2
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
