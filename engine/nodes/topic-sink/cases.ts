import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'writes records to its topic',
    config: { topic: 'results' },
    send: [{ port: 'in', key: 'a', value: { n: 1 }, timestampMs: 7 }],
    expected: [{ port: 'topic', key: 'a', value: { n: 1 }, timestampMs: 7 }],
  },
]
