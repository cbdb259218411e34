import type { NodeCase } from '../kind.ts'

const branches = [
  { name: 'large', when: 'value > 10' },
  { name: 'even', when: 'value % 2 === 0' },
]
const send = [12, 4, 3].map((value, i) => ({ port: 'in', key: 'a', value, timestampMs: i }))

export const cases: readonly NodeCase[] = [
  {
    name: 'sends each record to the first branch that matches, and the others to the rest',
    config: { branches, rest: true },
    send,
    expected: [
      { port: 'large', key: 'a', value: 12, timestampMs: 0 },
      { port: 'even', key: 'a', value: 4, timestampMs: 1 },
      { port: 'rest', key: 'a', value: 3, timestampMs: 2 },
    ],
  },
  {
    name: 'ends what matches no branch when there is no rest',
    config: { branches, rest: false },
    send,
    expected: [
      { port: 'large', key: 'a', value: 12, timestampMs: 0 },
      { port: 'even', key: 'a', value: 4, timestampMs: 1 },
    ],
  },
]
