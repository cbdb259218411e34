import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { definitions, nodeDefinitions } from '../../engine/nodes/definitions.ts'
import {
  configWithDefaults,
  type NodeConfig,
  type PipelineDocument,
  problemCodes,
  validate,
  valueAt,
  withValueAt,
} from '../../engine/pipeline/index.ts'
import { documentOf } from './documents.ts'

const source = ['topic-source', { topic: 'in' }] as const
const sink = ['topic-sink', { topic: 'out' }] as const
const codes = (document: PipelineDocument) =>
  validate(document, nodeDefinitions).map((problem) => problem.code)

describe('a document', () => {
  it('that is whole has no problems', () => {
    expect(codes(documentOf({ source, sink }, ['source > sink']))).toEqual([])
    expect(codes(documentOf({}))).toEqual([])
  })

  it.each<[string, PipelineDocument, string[]]>([
    [
      'an unknown kind',
      documentOf({ source, odd: ['teleport'], sink }, ['source > odd', 'odd > sink']),
      ['MR-101'],
    ],
    [
      'an empty required field',
      documentOf({ source: ['topic-source'], sink }, ['source > sink']),
      ['MR-102'],
    ],
    [
      'a number out of range',
      documentOf({ source: ['topic-source', { topic: 'in', partitions: 0 }], sink }, ['source > sink']),
      ['MR-103'],
    ],
    [
      'a setting that the kind has not',
      documentOf({ source: ['topic-source', { topic: 'in', speed: 2 }], sink }, ['source > sink']),
      ['MR-105'],
    ],
    [
      'a hopping window with gaps',
      documentOf(
        { source, w: ['window-aggregate', { window: 'hopping', sizeMs: 10, advanceMs: 20 }], sink },
        ['source > w', 'w > sink'],
      ),
      ['MR-121'],
    ],
    [
      'two branches of one name',
      documentOf({ source, b: ['branch', { branches: [{ name: 'rest', when: 'true' }] }], sink }, [
        'source > b',
        'b:rest > sink',
      ]),
      ['MR-123'],
    ],
    [
      'a file outside the folder',
      documentOf({ source: ['file-source', { file: '../secret.csv' }], sink }, ['source > sink']),
      ['MR-124'],
    ],
    [
      'a topic that Kafka does not allow',
      documentOf({ source: ['topic-source', { topic: 'a b' }], sink }, ['source > sink']),
      ['MR-125'],
    ],
    [
      'a table without a key',
      documentOf({ t: ['file-source', { file: 'a.csv', readAs: 'table' }], sink }, ['t > sink']),
      ['MR-129'],
    ],
    [
      'an edge to a node that is gone',
      documentOf({ source, sink }, ['source > sink', 'source > nobody']),
      ['MR-201'],
    ],
    [
      'an edge to a port that is gone',
      documentOf({ source, sink }, ['source > sink', 'source:left > sink']),
      ['MR-202'],
    ],
    [
      'an edge between ports that do not fit',
      documentOf({ source, join: ['stream-table-join'], sink }, [
        'source > join:left',
        'source > join:right',
        'join > sink',
      ]),
      ['MR-203'],
    ],
    [
      'an input without an edge',
      documentOf({ source, join: ['stream-table-join'], sink }, ['source > join:left', 'join > sink']),
      ['MR-206'],
    ],
    [
      'an output that leads nowhere',
      documentOf({ source, sink, lost: ['map'] }, ['source > sink', 'source > lost']),
      ['MR-207'],
    ],
    ['a pipeline without a sink', documentOf({ source }), ['MR-208', 'MR-207']],
    [
      'two sinks on one file',
      documentOf({ source, a: ['file-sink', { file: 'x.csv' }], b: ['file-sink', { file: './/x.csv' }] }, [
        'source > a',
        'source > b',
      ]),
      ['MR-209'],
    ],
    ...(
      [
        ['a sink on the file that a source reads', './data//in.ndjson'],
        ['a sink on the file of a source in other letters', 'Data/In.ndjson'],
        ['a sink on a folder of a source', 'data/'],
        ['a sink on the document', 'x/.././pipeline.json'],
        ['a sink on the read-me', 'README.md'],
        ['a sink on a processor', 'code/work.ts'],
        ['a sink on the folder of a processor', 'code'],
        ['a sink among the processors', 'processors/out.ndjson'],
        ['a sink on the folder itself', '.'],
      ] as const
    ).map(([what, file]): [string, PipelineDocument, string[]] => [
      what,
      documentOf(
        {
          source: ['file-source', { file: 'data/in.ndjson' }],
          p: ['processor', { file: 'code/work.ts' }],
          sink: ['file-sink', { file }],
        },
        ['source > p', 'p > sink'],
      ),
      file.includes('..') ? ['MR-124', 'MR-214'] : ['MR-214'],
    ]),
    [
      'a topic that is written and read again',
      documentOf({ source, sink: ['topic-sink', { topic: 'in' }] }, ['source > sink']),
      ['MR-210'],
    ],
    [
      'a bypassed node that cannot be passed by',
      documentOf({ source, w: ['window-aggregate', {}, { bypass: true }], sink }, ['source > w', 'w > sink']),
      ['MR-211'],
    ],
    [
      'a topic that two sources read',
      documentOf({ source, second: source, sink }, ['source > sink', 'second > sink']),
      ['MR-212'],
    ],
  ])('with %s has that problem', (_, document, expected) => {
    expect(codes(document)).toEqual(expected)
  })

  it('with a cycle names its nodes in order', () => {
    const document = documentOf({ source, a: ['map'], b: ['map'], sink }, [
      'source > a',
      'a > b',
      'b > a',
      'b > sink',
    ])
    const [problem] = validate(document, nodeDefinitions).filter(({ code }) => code === 'MR-205')
    expect(problem?.what).toContain('a → b → a')
    expect(problem?.node).toBe('a')
  })

  it('has the syntax of its expressions checked by whoever can parse', () => {
    const document = documentOf({ source, f: ['filter', { condition: 'value >' }], sink }, [
      'source > f',
      'f > sink',
    ])
    const checkExpression = (text: string) =>
      text.endsWith('>') ? { what: 'something is missing' } : undefined
    expect(validate(document, nodeDefinitions, { checkExpression })).toMatchObject([
      { code: 'MR-104', severity: 'error', node: 'f', field: 'condition' },
    ])
  })

  it('tells what to do about every problem, and where it is', () => {
    const document = documentOf({
      odd: ['teleport'],
      lost: ['map'],
      w: ['window-aggregate', { functions: [] }],
    })
    for (const problem of validate(document, nodeDefinitions)) {
      expect(problem.remedy).not.toBe('')
      expect(problem.severity).toBe(problemCodes[problem.code as keyof typeof problemCodes].severity)
    }
  })
})

it('every code that a definition uses stands in the table', () => {
  const folder = path.resolve(import.meta.dirname, '../../engine/nodes')
  const used = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('definition.ts'))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').match(/MR-\d+/g) ?? [])
  expect(used.length).toBeGreaterThan(4)
  expect(used.filter((code) => !Object.hasOwn(problemCodes, code))).toEqual([])
})

it('the defaults of every kind are values that its fields take', () => {
  for (const definition of definitions) {
    const node = { id: 'n', kind: definition.kind, name: 'n', position: { x: 0, y: 0 }, config: {} }
    const document: PipelineDocument = { version: 1, id: 'p', name: 'p', nodes: [node], edges: [] }
    const wrong = validate(document, nodeDefinitions).filter(({ code }) =>
      ['MR-103', 'MR-105', 'MR-108'].includes(code),
    )
    expect({ kind: definition.kind, wrong }).toEqual({ kind: definition.kind, wrong: [] })
  }
})

describe('a configuration', () => {
  const aggregate = nodeDefinitions.get('window-aggregate')!

  it('has the defaults of fields, and of items in lists', () => {
    const config = configWithDefaults(aggregate, { functions: [{ fn: 'sum' }] })
    expect(config.window).toBe('tumbling')
    expect(config.functions).toEqual([{ fn: 'sum', as: 'count' }])
  })

  it('is read and changed by path', () => {
    const config = { functions: [{ as: 'a' }, { as: 'b' }] }
    expect(valueAt(config, 'functions.1.as')).toBe('b')
    expect(withValueAt(config, 'functions.1.as', 'c')).toEqual({ functions: [{ as: 'a' }, { as: 'c' }] })
    expect(withValueAt(config, 'functions.0', undefined)).toEqual({ functions: [{ as: 'b' }] })
    expect(withValueAt({}, 'sizeMs', 5)).toEqual({ sizeMs: 5 })
  })
})

it('a choice that the field does not have is told with the values that the file may hold', () => {
  const [found] = validate(
    documentOf(
      {
        source: ['generator-source', { time: 'Wall clock' }],
        w: ['window-aggregate', { window: 'sliding' }],
        sink,
      },
      ['source > w', 'w > sink'],
    ),
    nodeDefinitions,
  )
  expect(found).toMatchObject({
    code: 'MR-103',
    remedy: 'choose one of "wall-clock" (The wall clock), "stepped" (In even steps from a start)',
  })
})

describe('hopping windows', () => {
  const hopping = (config: NodeConfig) =>
    documentOf({ source, w: ['window-aggregate', { window: 'hopping', ...config }], sink }, [
      'source > w',
      'w > sink',
    ])
  const dayMs = 86_400_000

  it('so many that each record falls into more than a hundred are warned about, with an advance that is not too short', () => {
    const found = validate(hopping({ sizeMs: 7 * dayMs, advanceMs: 10_000 }), nodeDefinitions)
    expect(found).toMatchObject([
      {
        code: 'MR-132',
        severity: 'warning',
        field: 'advanceMs',
        what: expect.stringContaining('60480 windows'),
        remedy: expect.stringContaining('100.8 min'),
      },
    ])
    expect(codes(hopping({ sizeMs: 1_000_000, advanceMs: 10_000 }))).toEqual([])
    expect(codes(hopping({ window: 'tumbling', sizeMs: 7 * dayMs, advanceMs: 1 }))).toEqual([])
  })

  it.each([
    [60_000, 10_000],
    [7 * dayMs, 28 * 3_600_000],
    [1, 1],
  ])('of %i ms advance by a sixth of it unless told otherwise', (sizeMs, advanceMs) => {
    const definition = nodeDefinitions.get('window-aggregate')!
    expect(configWithDefaults(definition, { window: 'hopping', sizeMs })).toMatchObject({ advanceMs })
    expect(codes(hopping({ sizeMs }))).toEqual([])
  })
})
