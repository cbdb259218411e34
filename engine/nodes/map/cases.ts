import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'makes a new value and keeps key and time',
    config: { value: '({ twice: value.n * 2, at: timestamp })' },
    send: [{ port: 'in', key: 'a', value: { n: 21 }, timestampMs: 5 }],
    expected: [{ port: 'out', key: 'a', value: { twice: 42, at: 5 }, timestampMs: 5 }],
  },
  {
    name: 'takes expressions with a comma or a comment',
    config: { key: 'value.n, value.m', value: 'value.n // the first' },
    send: [{ port: 'in', key: 'a', value: { n: 1, m: 'b' }, timestampMs: 1 }],
    expected: [{ port: 'out', key: 'b', value: 1, timestampMs: 1 }],
  },
  {
    name: 'makes a new key and a new value of the same record',
    config: { key: 'value.user', value: 'key' },
    send: [{ port: 'in', key: 'a', value: { user: 'ann' }, timestampMs: 1 }],
    expected: [{ port: 'out', key: 'ann', value: 'a', timestampMs: 1 }],
  },
]
