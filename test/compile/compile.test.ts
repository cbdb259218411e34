import { describe, expect, it } from 'vitest'
import { compile, printPlan } from '../../engine/compile/index.ts'
import { kinds } from '../../engine/nodes/kinds.ts'
import type { NodeConfig, PipelineDocument } from '../../engine/pipeline/index.ts'
import { documentOf } from '../pipeline/documents.ts'

const source = ['topic-source', { topic: 'in' }] as const
const sink = ['topic-sink', { topic: 'out' }] as const
const planOf = (document: PipelineDocument) => compile(document, kinds, { applicationId: document.id }).plan
const ids = (document: PipelineDocument) => planOf(document).steps.map(({ id }) => id)

describe('a compiled document', () => {
  const joined = documentOf(
    {
      rows: ['file-source', { file: 'rows.csv', readAs: 'table', key: 'value.id', time: 'beginning' }],
      source,
      join: ['stream-table-join', { on: 'value.id' }],
      counts: ['window-aggregate', { window: 'tumbling', sizeMs: 1000 }],
      sink,
    },
    ['source > join:left', 'rows > join:right', 'join > counts', 'counts > sink'],
  )

  it('is printed as feeds, steps and topics', () => {
    expect(printPlan(planOf(joined))).toBe(
      [
        'feed rows-feed (file-source) → test-rows-source, first',
        'table rows { topic=test-rows-source }',
        'stream source { topic=in; timestamp=record; keyFormat=json; valueFormat=json }',
        'selectKey join-left-key [join] ← source { expr=value.id }',
        'streamTableJoin join ← join-left-key, rows { type=inner; joiner=({ ...left, ...right }) }',
        'groupByKey counts-group [counts] ← join',
        'summarize counts ← counts-group { functions=[{"fn":"count","as":"count"}]; window={"type":"tumbling","sizeMs":1000,"graceMs":0}; emit=on-update }',
        'toStream counts-updates [counts] ← counts',
        'to sink ← counts-updates { topic=out; keyFormat=windowed-json; valueFormat=json; partitioner=default }',
        'topic test-rows-source × 6, retention.ms=-1, cleanup.policy=compact',
        'topic in × 6, retention.ms=-1',
        'topic out × 6, retention.ms=-1',
        '',
      ].join('\n'),
    )
  })

  it('is the same each time, and wherever its nodes stand', () => {
    const moved = {
      ...joined,
      nodes: joined.nodes.map((node) => ({ ...node, position: { x: 7, y: 7 }, name: 'other' })),
    }
    expect(printPlan(planOf(moved))).toBe(printPlan(planOf(joined)))
  })

  it('keeps the names of steps when something else is added', () => {
    const more = documentOf(
      { first: ['generator-source', { value: '1' }], other: ['topic-sink', { topic: 'other' }] },
      ['first > other'],
    )
    const grown: PipelineDocument = {
      ...joined,
      nodes: [...more.nodes, ...joined.nodes],
      edges: [...joined.edges, ...more.edges.map((edge) => ({ ...edge, id: 'e99' }))],
    }
    expect(
      ids(grown)
        .filter((id) => !['first', 'other'].includes(id))
        .sort(),
    ).toEqual(ids(joined).sort())
  })
})

describe('what cannot run', () => {
  it('is left out, with all that needs it, and the rest stays', () => {
    const document = documentOf(
      { source, broken: ['filter', { condition: '' }], after: ['topic-sink', { topic: 'a' }], sink },
      ['source > broken', 'broken > after', 'source > sink'],
    )
    const { plan, problems } = compile(document, kinds, { applicationId: 'test' })
    expect(plan.steps.map(({ id }) => id)).toEqual(['source', 'sink'])
    expect(problems.map(({ code }) => code)).toContain('MR-102')
  })

  it('is a cycle, and nothing else', () => {
    const document = documentOf({ source, sink, a: ['map'], b: ['map'] }, ['source > sink', 'a > b', 'b > a'])
    expect(ids(document)).toEqual(['source', 'sink'])
  })
})

describe('a bypassed node', () => {
  it('lets records pass where it can', () => {
    const document = documentOf({ source, map: ['map', {}, { bypass: true }], sink }, [
      'source > map',
      'map > sink',
    ])
    expect(planOf(document).steps).toMatchObject([{ id: 'source' }, { id: 'sink', from: 'source' }])
  })

  it('stops what depends on it where it cannot', () => {
    const document = documentOf(
      {
        source,
        counts: ['window-aggregate', {}, { bypass: true }],
        after: ['topic-sink', { topic: 'a' }],
        sink,
      },
      ['source > counts', 'counts > after', 'source > sink'],
    )
    expect(ids(document)).toEqual(['source', 'sink'])
  })
})

it('a join of differently partitioned topics is a problem, unless a key chosen by an expression lays one out anew', () => {
  const join = (config: NodeConfig) =>
    documentOf(
      {
        source: ['topic-source', { topic: 'in', partitions: 3 }],
        kept: ['filter', { condition: 'value > 1' }],
        rows: ['topic-source', { topic: 'rows', readAs: 'table', partitions: 6 }],
        join: ['stream-table-join', config],
        sink,
      },
      ['source > kept', 'kept > join:left', 'rows > join:right', 'join > sink'],
    )
  const problems = (config: NodeConfig) => compile(join(config), kinds, { applicationId: 'test' }).problems
  expect(problems({})).toMatchObject([
    {
      code: 'MR-213',
      node: 'join',
      what: expect.stringContaining('in has 3 partitions, rows has 6 partitions'),
    },
  ])
  expect(problems({ on: 'value' })).toEqual([])
})

it('several edges into one port are merged, and a table’s updates are read once for all that follow', () => {
  const document = documentOf(
    {
      source,
      rows: ['topic-source', { topic: 'rows', readAs: 'table' }],
      a: sink,
      b: ['topic-sink', { topic: 'b' }],
    },
    ['source > a', 'rows > a', 'rows > b'],
  )
  expect(planOf(document).steps).toMatchObject([
    { id: 'source' },
    { id: 'rows' },
    { id: 'rows-updates', op: 'toStream', from: 'rows', node: 'rows' },
    { id: 'a-in-merge', op: 'merge', from: ['source', 'rows-updates'], node: 'a' },
    { id: 'a', from: 'a-in-merge' },
    { id: 'b', from: 'rows-updates' },
  ])
})

it('a join whose sides write keys differently lays the one in text out as JSON', () => {
  const text = { topic: 'rows', readAs: 'table', keyFormat: 'string' }
  const document = documentOf({ source, rows: ['topic-source', text], join: ['stream-table-join'], sink }, [
    'source > join:left',
    'rows > join:right',
    'join > sink',
  ])
  expect(ids(document)).toEqual([
    'source',
    'rows',
    'join-right-updates',
    'join-right-key',
    'join-right',
    'join',
    'sink',
  ])
})
