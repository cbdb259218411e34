import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'takes event time from a field, and drops records before 1970',
    config: { topic: 'orders', time: 'expression', timeExpression: 'value.at' },
    send: [
      { port: 'topic', key: 'a', value: { at: '1970-01-01T00:00:01Z' }, timestampMs: 99 },
      { port: 'topic', key: 'a', value: { at: -1 }, timestampMs: 99 },
    ],
    expected: [{ port: 'out', key: 'a', value: { at: '1970-01-01T00:00:01Z' }, timestampMs: 1000 }],
    dropped: 1,
  },
  {
    name: 'reads a topic as a table of texts',
    config: { topic: 'names', readAs: 'table', keyFormat: 'string', valueFormat: 'string' },
    send: [{ port: 'topic', key: 'a', value: 'Ann', timestampMs: 1 }],
    expected: [{ port: 'out', key: 'a', value: 'Ann', timestampMs: 1 }],
  },
]
