import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'passes the records of two inputs on as one stream',
    config: {},
    send: [
      { port: 'in', key: 'a', value: 1, timestampMs: 1 },
      { port: 'in#2', key: 'b', value: 2, timestampMs: 2 },
    ],
    expected: [
      { port: 'out', key: 'a', value: 1, timestampMs: 1 },
      { port: 'out', key: 'b', value: 2, timestampMs: 2 },
    ],
  },
]
