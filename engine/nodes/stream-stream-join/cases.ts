import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'joins what lies within the window, by keys of both sides',
    config: { beforeMs: 0, afterMs: 10, leftKey: 'value.order', rightKey: 'value.of' },
    send: [
      { port: 'left', key: null, value: { order: 'o1' }, timestampMs: 100 },
      { port: 'right', key: null, value: { of: 'o1', paid: true }, timestampMs: 110 },
      { port: 'right', key: null, value: { of: 'o1', paid: false }, timestampMs: 111 },
    ],
    expected: [{ port: 'out', key: 'o1', value: { order: 'o1', of: 'o1', paid: true }, timestampMs: 110 }],
  },
  {
    name: 'a left join gives unmatched left records when their window has passed',
    config: { type: 'left', beforeMs: 0, afterMs: 10, graceMs: 0, joiner: '[left, right]' },
    send: [
      { port: 'left', key: 'a', value: 1, timestampMs: 100 },
      { port: 'left', key: 'b', value: 2, timestampMs: 200 },
    ],
    expected: [{ port: 'out', key: 'a', value: [1, null], timestampMs: 100 }],
  },
]
