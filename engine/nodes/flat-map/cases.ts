import type { NodeCase } from '../kind.ts'

const send = [
  { port: 'in', key: 'a', value: ['x', 'y'], timestampMs: 1 },
  { port: 'in', key: 'b', value: [], timestampMs: 2 },
]

export const cases: readonly NodeCase[] = [
  {
    name: 'gives each value of the list under the same key, and nothing for an empty list',
    config: { list: 'value' },
    send,
    expected: [
      { port: 'out', key: 'a', value: 'x', timestampMs: 1 },
      { port: 'out', key: 'a', value: 'y', timestampMs: 1 },
    ],
  },
  {
    name: 'gives each pair under its own key',
    config: { makes: 'pairs', list: 'value.map((word) => [word, key])' },
    send,
    expected: [
      { port: 'out', key: 'x', value: 'a', timestampMs: 1 },
      { port: 'out', key: 'y', value: 'a', timestampMs: 1 },
    ],
  },
]
