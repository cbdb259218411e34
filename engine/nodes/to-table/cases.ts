import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'gives each update, and drops records without a key',
    config: {},
    send: [
      { port: 'in', key: 'a', value: 1, timestampMs: 1 },
      { port: 'in', key: null, value: 2, timestampMs: 2 },
      { port: 'in', key: 'a', value: null, timestampMs: 3 },
    ],
    expected: [
      { port: 'out', key: 'a', value: 1, timestampMs: 1 },
      { port: 'out', key: 'a', value: null, timestampMs: 3 },
    ],
    dropped: 1,
  },
]
