import { describe, expect, it } from 'vitest'
import { nodeDefinitions } from '../../engine/nodes/definitions.ts'
import { canConnect, firstFreePort, fittingKinds, type PortRef } from '../../engine/pipeline/index.ts'
import { documentOf } from './documents.ts'

const document = documentOf(
  {
    orders: ['topic-source', { topic: 'orders' }],
    users: ['topic-source', { topic: 'users', readAs: 'table' }],
    large: ['filter'],
    join: ['stream-table-join'],
    counts: ['window-aggregate', { window: 'tumbling' }],
    sink: ['topic-sink', { topic: 'out' }],
  },
  ['orders > large', 'large > join:left'],
)
const out = (node: string): PortRef => ({ node, port: 'out' })
const into = (node: string, port = 'in'): PortRef => ({ node, port })
const reason = (from: PortRef, to: PortRef) => {
  const answer = canConnect(document, nodeDefinitions, from, to)
  return answer.ok ? 'ok' : answer.reason
}

describe('a connection', () => {
  it('is allowed where the port takes what flows', () => {
    expect(reason(out('users'), into('join', 'right'))).toBe('ok')
    expect(reason(out('join'), into('sink'))).toBe('ok')
    expect(reason(out('counts'), into('sink'))).toBe('ok')
  })

  it.each([
    ['a stream into a table’s port', out('orders'), into('join', 'right'), 'Put “To table” in between'],
    ['a windowed table into a table’s port', out('counts'), into('join', 'right'), 'keyed by window'],
    ['a node with itself', out('large'), into('large'), 'cannot feed itself'],
    ['what would close a cycle', out('join'), into('large'), 'would make a cycle'],
    ['what is connected already', out('orders'), into('large'), 'connected already'],
    ['an output that is not there', into('sink', 'out'), into('large'), 'has no output “out”'],
    ['an input that is not there', out('orders'), into('join', 'middle'), 'has no input “middle”'],
    ['a node that is gone', out('nobody'), into('large'), 'gone'],
  ])('is refused with the reason for %s', (_, from, to, text) => {
    expect(reason(from, to)).toContain(text)
  })

  it('is refused at a port that is full, but not to the edge that is there already', () => {
    const full = documentOf(
      {
        a: ['topic-source', { readAs: 'table' }],
        b: ['topic-source', { readAs: 'table' }],
        join: ['stream-table-join'],
      },
      ['a > join:right'],
    )
    const to = into('join', 'right')
    expect(canConnect(full, nodeDefinitions, out('b'), to)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('is taken'),
    })
    expect(canConnect(full, nodeDefinitions, out('b'), to, 'e1')).toEqual({ ok: true })
  })
})

it('a drop on a node’s body takes the first port that fits', () => {
  expect(firstFreePort(document, nodeDefinitions, out('users'), 'join')).toEqual(into('join', 'left'))
  const tables = documentOf({
    users: ['topic-source', { readAs: 'table' }],
    other: ['topic-source'],
    join: ['stream-table-join'],
  })
  expect(firstFreePort(tables, nodeDefinitions, out('other'), 'join')).toEqual(into('join', 'left'))
  expect(firstFreePort(document, nodeDefinitions, out('orders'), 'users')).toBeUndefined()
})

it('the picker offers the kinds that fit', () => {
  const afterStream = fittingKinds(nodeDefinitions, { output: 'stream' })
  expect(afterStream).toContain('filter')
  expect(afterStream).not.toContain('topic-source')
  const join = nodeDefinitions.get('stream-table-join')!.ports({}).inputs[1]!
  expect(fittingKinds(nodeDefinitions, { input: join })).toEqual(['to-table'])
})
