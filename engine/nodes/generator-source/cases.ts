import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'makes so many records, in even steps of event time',
    config: {
      key: "'k' + (index % 2)",
      value: '({ index })',
      count: 3,
      time: 'stepped',
      startTime: '1970-01-01T00:00:01Z',
      stepMs: 10,
    },
    send: [],
    expected: [
      { port: 'out', key: 'k0', value: { index: 0 }, timestampMs: 1000 },
      { port: 'out', key: 'k1', value: { index: 1 }, timestampMs: 1010 },
      { port: 'out', key: 'k0', value: { index: 2 }, timestampMs: 1020 },
    ],
  },
]
