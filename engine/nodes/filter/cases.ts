import type { NodeCase } from '../kind.ts'

const send = [
  { port: 'in', key: 'a', value: { n: 1 }, timestampMs: 1 },
  { port: 'in', key: 'b', value: { n: 2 }, timestampMs: 2 },
]

export const cases: readonly NodeCase[] = [
  {
    name: 'keeps what matches',
    config: { condition: 'value.n > 1' },
    send,
    expected: [{ port: 'out', key: 'b', value: { n: 2 }, timestampMs: 2 }],
  },
  {
    name: 'takes a condition with a comment at its end',
    config: { condition: 'value.n > 1 // "large, (very)"' },
    send,
    expected: [{ port: 'out', key: 'b', value: { n: 2 }, timestampMs: 2 }],
  },
  {
    name: 'drops what matches',
    config: { mode: 'drop', condition: 'value.n > 1' },
    send,
    expected: [{ port: 'out', key: 'a', value: { n: 1 }, timestampMs: 1 }],
  },
]
