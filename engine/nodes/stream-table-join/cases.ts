import type { NodeCase } from '../kind.ts'

const send = [
  { port: 'right', key: 'ann', value: { city: 'Ulm' }, timestampMs: 1 },
  { port: 'left', key: '1', value: { user: 'ann' }, timestampMs: 2 },
  { port: 'left', key: '2', value: { user: 'ben' }, timestampMs: 3 },
]

export const cases: readonly NodeCase[] = [
  {
    name: 'looks up the row and drops what has none',
    config: { on: 'value.user' },
    send,
    expected: [{ port: 'out', key: 'ann', value: { user: 'ann', city: 'Ulm' }, timestampMs: 2 }],
  },
  {
    name: 'a left join keeps what has no row',
    config: { type: 'left', on: 'value.user', joiner: "({ city: right?.city ?? 'unknown' })" },
    send,
    expected: [
      { port: 'out', key: 'ann', value: { city: 'Ulm' }, timestampMs: 2 },
      { port: 'out', key: 'ben', value: { city: 'unknown' }, timestampMs: 3 },
    ],
  },
]
