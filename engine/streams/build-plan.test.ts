import { describe, expect, test } from 'vitest'
import { compileExpression } from '../node/environment/expressions.ts'
import { buildPlan, processor, type Step, TestDriver } from './index.ts'

const node = 'n'
function build(steps: readonly Step[]) {
  return buildPlan(
    { steps, feeds: [], topics: [] },
    {
      compileExpression,
      loadModule: (path) =>
        path === 'double.ts'
          ? { default: processor<number, number>((record, ctx) => ctx.forward({ value: record.value * 2 })) }
          : {},
    },
  )
}
const source: Step = { id: 'in', node, op: 'stream', topic: 'in' }
const sink = (from: string): Step => ({ id: 'out', node, op: 'to', from, topic: 'out' })

describe('a plan', () => {
  test('becomes a topology: branches by name, merges of three, processors by module', () => {
    const topology = build([
      source,
      {
        id: 'sort',
        node,
        op: 'branch',
        from: 'in',
        branches: [
          { name: 'small', when: 'value < 10' },
          { name: 'even', when: 'value % 2 === 0' },
        ],
        otherwise: 'rest',
      },
      { id: 'double', node, op: 'process', from: 'sort.small', module: 'double.ts', stores: [] },
      { id: 'text', node, op: 'mapValues', from: 'sort.rest', expr: '"rest " + value + " at " + timestamp' },
      { id: 'all', node, op: 'merge', from: ['double', 'sort.even', 'text'] },
      sink('all'),
    ])
    const driver = new TestDriver(topology)
    const values = [3, 12, 13].flatMap((value) => driver.pipe('in', { key: 'k', value, timestampMs: value }))
    expect(values.map(({ value }) => value)).toEqual([6, 12, 'rest 13 at 13'])
  })

  test('takes event time from an expression, of a text too', () => {
    const timed: Step = { ...source, op: 'stream', topic: 'in', timestamp: { expr: 'value.at' } }
    const driver = new TestDriver(build([timed, sink('in')]))
    const at = (value: unknown) => driver.pipe('in', { key: null, value, timestampMs: 5 })[0]?.timestampMs
    expect(at({ at: '2001-01-01T00:00:00Z' })).toBe(978307200000)
    expect(at({ at: 42 })).toBe(42)
    expect(at({ at: -1 })).toBeUndefined()
    expect(() => at({ at: 'soon' })).toThrow('gave NaN')
  })

  test('summarizes by named functions', () => {
    const driver = new TestDriver(
      build([
        source,
        { id: 'group', node, op: 'groupByKey', from: 'in' },
        {
          id: 'stats',
          node,
          op: 'summarize',
          from: 'group',
          functions: [
            { fn: 'count', as: 'n' },
            { fn: 'avg', expr: 'value.x', as: 'mean' },
          ],
        },
        { id: 'updates', node, op: 'toStream', from: 'stats' },
        sink('updates'),
      ]),
    )
    driver.pipe('in', { key: 'k', value: { x: 1 }, timestampMs: 0 })
    expect(driver.pipe('in', { key: 'k', value: { x: 2 }, timestampMs: 0 })[0]!.value).toEqual({
      n: 2,
      mean: 1.5,
    })
  })

  test.each<[string, Step[], object]>([
    [
      'an expression that is none',
      [source, { id: 'odd', node, op: 'filter', from: 'in', expr: 'value >' }],
      {
        code: 'BAD_EXPRESSION',
        where: 'odd, line 1, column 8',
        details: { line: 1, column: 8, step: 'odd', node },
      },
    ],
    [
      'a step that follows nothing',
      [source, { id: 'lost', node, op: 'toStream', from: 'gone' }],
      { code: 'BAD_PLAN', where: 'lost', what: 'it follows "gone", which is not there' },
    ],
    [
      'a table operator on a stream',
      [source, { id: 'odd', node, op: 'toStream', from: 'in' }],
      { code: 'BAD_PLAN', what: 'it needs a table, and "in" is a stream' },
    ],
    [
      'a module without a processor',
      [source, { id: 'odd', node, op: 'process', from: 'in', module: 'none.ts', stores: [] }],
      { code: 'BAD_PROCESSOR', where: 'odd, none.ts' },
    ],
    [
      'a sink of an unknown kind',
      [source, { id: 'odd', node, op: 'external', from: 'in', kind: 'fax', config: {} }],
      { code: 'BAD_PLAN', what: 'there is no sink of kind "fax" here' },
    ],
  ])('is refused, with the step, for %s', (_, steps, error) => {
    expect(() => build(steps)).toThrow(expect.objectContaining(error))
  })

  test('tells an expression that gives the wrong kind of thing when it does', () => {
    const driver = new TestDriver(
      build([source, { id: 'm', node, op: 'map', from: 'in', expr: 'value' }, sink('m')]),
    )
    expect(() => driver.pipe('in', { key: 'k', value: 'x', timestampMs: 0 })).toThrow(
      'the expression gave "x" where a pair [key, value] is needed',
    )
  })
})
