import { describe, expect, test } from 'vitest'
import { readCases } from './case.ts'
import { checkCase } from './check.ts'

const cases = await readCases(new URL('cases', import.meta.url).pathname)

test('there are golden cases of every operator group that is supported', () => {
  const groups = new Set(cases.map(({ group }) => group))
  for (const group of [
    'stateless',
    'aggregates',
    'windows',
    'stream-stream-join',
    'stream-table-join',
    'table-table-join',
    'table-aggregates',
    'global-table-join',
    'foreign-key-join',
    'cogroup',
    'time',
  ]) {
    expect(groups).toContain(group)
  }
})

describe('the oracle gave', () => {
  test.each(cases)('$group/$id: $why', (golden) => {
    expect(checkCase(golden)).toEqual({ type: 'passed' })
  })
})
