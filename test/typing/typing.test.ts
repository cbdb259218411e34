import { createRequire } from 'node:module'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { analyzeDocument } from '../../engine/host/typing-body.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { nodeDefinitions } from '../../engine/nodes/definitions.ts'
import type { NodeConfig, PipelineDocument } from '../../engine/pipeline/index.ts'
import { createTyping, type Typing } from '../../engine/typing/index.ts'
import { documentOf } from '../pipeline/documents.ts'
import { workMsOf } from '../runner/slowness.ts'

let typing: Typing
beforeAll(async () => {
  const libraryFolder = path.dirname(createRequire(import.meta.url).resolve('typescript'))
  typing = await createTyping(createNodeEnvironment(), { libraryFolder })
})

const flight = '{ origin: string; delay: number; gate: string | null }'
const source = (valueType = flight) => ['topic-source', { topic: 'in', valueType }] as const
const sink = ['topic-sink', { topic: 'out' }] as const

function analyze(document: PipelineDocument, files: Readonly<Record<string, string>> = {}) {
  const texts = Object.entries(files).map(([name, text]) => ({ path: name, text }))
  return typing.analyze({ document, files: texts, definitions: nodeDefinitions })
}

/** What leaves one node between a topic of flights and a sink. */
function outOf(kind: string, config: NodeConfig) {
  const document = documentOf({ source: source(), node: [kind, config], sink }, [
    'source > node',
    'node > sink',
  ])
  const { edges, problems } = analyze(document)
  return { type: edges.e2, problems }
}

describe('the type on an edge', () => {
  it.each<[string, NodeConfig, string, string]>([
    ['filter', { condition: 'value.delay > 15' }, 'string', flight],
    [
      'map',
      { value: '({ late: value.delay > 15, at: timestamp })' },
      'string',
      '{ late: boolean; at: number }',
    ],
    ['map', { key: 'value.delay', value: 'value.gate' }, 'number', 'string | null'],
    ['map', { value: "value.delay > 60 ? 'red' : 'green'" }, 'string', '"red" | "green"'],
    ['select-key', { key: 'value.origin.length' }, 'number', flight],
    ['flat-map', { list: "value.origin.split('')" }, 'string', 'string'],
    ['flat-map', { makes: 'pairs', list: '[[value.delay, { n: 1 }]]' }, 'number', '{ n: number }'],
    [
      'window-aggregate',
      {
        groupBy: 'value.origin',
        window: 'tumbling',
        functions: [{ fn: 'avg', expr: 'value.delay', as: 'mean' }],
      },
      '{ key: string; windowStartMs: number; windowEndMs: number }',
      '{ mean: number }',
    ],
    [
      'window-aggregate',
      { window: 'none', functions: [{ fn: 'max', expr: 'value.gate', as: 'most' }] },
      'string',
      '{ most: number | null }',
    ],
    ['to-table', {}, 'string', flight],
  ])('after %s with %j is right', (kind, config, key, value) => {
    const { type, problems } = outOf(kind, config)
    expect(problems).toEqual([])
    expect(type).toEqual({ key, value })
  })

  it('after a join has both sides, and null where the right one may be missing', () => {
    const joined = (type: string, joiner: string) =>
      analyze(
        documentOf(
          {
            l: source('{ a: number }'),
            r: ['topic-source', { topic: 'r', readAs: 'table', valueType: '{ b: string }' }],
            join: ['stream-table-join', { type, joiner }],
            sink,
          },
          ['l > join:left', 'r > join:right', 'join > sink'],
        ),
      )
    expect(joined('inner', '({ ...left, ...right })').edges.e3?.value).toBe('{ b: string; a: number }')
    expect(joined('left', '({ b: right?.b })').edges.e3?.value).toBe('{ b: string | undefined }')
    expect(joined('left', '({ b: right.b })').problems).toMatchObject([
      { code: 'MR-301', node: 'join', field: 'joiner' },
    ])
  })

  it('is the union where several edges meet, and any where nothing is known', () => {
    const document = documentOf(
      {
        a: source('{ n: number }'),
        b: ['topic-source', { topic: 'b', valueType: 'string' }],
        c: ['topic-source', { topic: 'c' }],
        merge: ['merge'],
        sink,
        other: ['topic-sink', { topic: 'o' }],
      },
      ['a > merge', 'b > merge', 'merge > sink', 'c > other'],
    )
    const { edges } = analyze(document)
    expect(edges.e3?.value).toBe('string | { n: number }')
    expect(edges.e4?.value).toBe('any')
  })
})

describe('a problem', () => {
  it('of an expression is reported at its field, in the words of the type that flows in', () => {
    expect(outOf('filter', { condition: 'value.dealy > 15' }).problems).toMatchObject([
      {
        code: 'MR-301',
        severity: 'error',
        node: 'node',
        field: 'condition',
        what: expect.stringContaining("'dealy' does not exist on type '{ origin: string; delay: number"),
      },
    ])
  })

  it('of an expression in a list is reported at its entry', () => {
    const functions: NodeConfig[] = [
      { fn: 'count', as: 'n' },
      { fn: 'sum', expr: 'value.nothing', as: 's' },
    ]
    expect(outOf('window-aggregate', { functions }).problems).toMatchObject([
      { code: 'MR-301', field: 'functions.1.expr' },
    ])
  })

  it.each(['value.delay >', '1) + (2', 'value; process.exit()', 'let x = 1'])(
    'of syntax in “%s” harms no other node',
    (text) => {
      const document = documentOf(
        {
          source: source(),
          bad: ['filter', { condition: text }],
          good: ['filter', { condition: 'value.origin > 1' }],
          sink,
          other: ['topic-sink', { topic: 'o' }],
        },
        ['source > bad', 'source > good', 'bad > sink', 'good > other'],
      )
      expect(analyze(document).problems).toMatchObject([
        { code: 'MR-104', node: 'bad', field: 'condition' },
        { code: 'MR-301', node: 'good' },
      ])
      expect(typing.checkExpression(text)).toBeDefined()
    },
  )

  it('of a type’s text is reported at its field', () => {
    const document = documentOf({ source: source('{ a: '), sink }, ['source > sink'])
    expect(analyze(document).problems).toMatchObject([{ code: 'MR-306', node: 'source', field: 'valueType' }])
    const unknown = documentOf({ source: source('Flihgt'), sink }, ['source > sink'])
    expect(analyze(unknown).problems).toMatchObject([{ code: 'MR-306', node: 'source', field: 'valueType' }])
  })
})

describe('a processor', () => {
  const document = documentOf({ source: source(), p: ['processor', { file: 'processors/p.ts' }], sink }, [
    'source > p',
    'p > sink',
  ])
  const code = (body: string, types = "<Flow['p'], { level: number }>") =>
    `import { processor } from 'millrace'\nimport type { Flow } from 'millrace/flow'\n\nexport default processor${types}((record, ctx) => {\n  ${body}\n})\n`

  it('gets the type of what flows in by the node’s id, and gives its own', () => {
    const { problems, edges, editors } = analyze(document, {
      'processors/p.ts': code('ctx.forward({ value: { level: record.value.delay } })'),
    })
    expect(problems).toEqual([])
    expect(edges.e2).toEqual({ key: 'string', value: '{ level: number }' })
    expect(editors.p).toMatchObject({ path: 'processors/p.ts', input: { key: 'string', value: flight } })
    expect(editors.p?.declarations).toContain(`readonly "p": ${flight}`)
  })

  it('that reads what does not flow in has the problem at its line and column', () => {
    const { problems } = analyze(document, { 'processors/p.ts': code('record.value.dealy') })
    expect(problems).toMatchObject([
      { code: 'MR-302', node: 'p', file: { path: 'processors/p.ts', line: 5, column: 16 } },
    ])
  })

  it('with types of its own is told what is gone from what flows in, at node and edge', () => {
    const own = code('return', '<{ origin: string; airportSize: number }, number>')
    expect(analyze(document, { 'processors/p.ts': own }).problems).toMatchObject([
      {
        code: 'MR-303',
        node: 'p',
        edge: 'e1',
        what: expect.stringContaining('“airportSize” is gone from what flows in'),
      },
    ])
  })

  it('may import a file beside it', () => {
    const shared = {
      'processors/shared/level.ts': 'export const level = (delay: number): number => delay / 10\n',
    }
    const text = `import { level } from './shared/level.ts'\n${code('ctx.forward({ value: { level: level(record.value.delay) } })')}`
    expect(analyze(document, { 'processors/p.ts': text, ...shared }).problems).toEqual([])
  })

  it('that is missing, is no processor, or has a syntax error is reported so', () => {
    expect(analyze(document).problems).toMatchObject([{ code: 'MR-304', node: 'p', field: 'file' }])
    expect(analyze(document, { 'processors/p.ts': 'export const a = 1\n' }).problems).toMatchObject([
      { code: 'MR-305' },
    ])
    expect(analyze(document, { 'processors/p.ts': code('ctx.forward({') }).problems[0]).toMatchObject({
      code: 'MR-302',
      file: { path: 'processors/p.ts' },
    })
  })
})

it('an edit is analyzed again within 300 ms, of a pipeline of 60 nodes', () => {
  const chain = (text: string) => {
    const nodes: Record<string, readonly [string, NodeConfig?]> = { source: source() }
    const edges: string[] = []
    let last = 'source'
    for (let i = 0; i < 60; i++) {
      nodes[`n${i}`] =
        i % 2 === 0
          ? ['filter', { condition: `value.delay > ${i}` }]
          : ['map', { value: '({ ...value, extra: key })' }]
      edges.push(`${last} > n${i}`)
      last = `n${i}`
    }
    nodes.end = ['filter', { condition: text }]
    return documentOf({ ...nodes, sink }, [...edges, `${last} > end`, 'end > sink'])
  }
  analyze(chain('value.delay > 0'))
  const times = [1, 2, 3].map((n) =>
    workMsOf(() => {
      const { problems } = analyze(chain(`value.delay > ${n} && value.extra === key`))
      expect(problems).toEqual([])
    }),
  )
  expect(Math.min(...times)).toBeLessThan(300)
})

describe('code that is too much for the compiler', () => {
  const analyzed = (condition: string, valueType?: string) =>
    analyzeDocument(typing, {
      document: documentOf({ source: source(valueType), node: ['filter', { condition }], sink }, [
        'source > node',
        'node > sink',
      ]),
      files: [],
    })

  it.each([
    ['parentheses', `${'('.repeat(4000)}1${')'.repeat(4000)}`],
    ['prefixes', `${'!'.repeat(9000)}1`],
  ])('in an expression is a problem of its field: %s', (_, condition) => {
    expect(analyzed(condition).problems).toContainEqual(
      expect.objectContaining({ code: 'MR-104', node: 'node', field: 'condition' }),
    )
  })

  it.each([
    ['a path', `value${'.a'.repeat(4500)}`, undefined],
    ['functions', `${'x=>'.repeat(3000)}1`, undefined],
    ['a type', 'true', `${'{a:'.repeat(2500)}any${'}'.repeat(2500)}`],
  ])('elsewhere is one problem, and the next document is looked at as ever: %s', (_, condition, type) => {
    const { problems } = analyzed(condition, type)
    expect(problems.filter(({ severity }) => severity === 'error')).toMatchObject([
      // The one when the field's own text is too much already, the other when only its type is.
      { code: expect.stringMatching(/MR-104|MR-307/), severity: 'error' },
    ])
    expect(analyzed('value.delay').problems).toEqual([])
    expect(analyzed('value.delays').problems).toMatchObject([{ code: 'MR-301', node: 'node' }])
  })

  it('by its length alone is a problem of its field, and is not looked into', () => {
    const long = `1${'+1'.repeat(200_000)}`
    const workMs = workMsOf(() => {
      expect(analyzed(long).problems).toMatchObject([{ code: 'MR-133', node: 'node', field: 'condition' }])
    })
    expect(workMs).toBeLessThan(2000)
    expect(analyzed('true', `{ a: '${'x'.repeat(60_000)}' }`).problems).toMatchObject([
      { code: 'MR-133', node: 'source', field: 'valueType' },
    ])
  })
})
