import type { NodeCase } from '../kind.ts'

export const cases: readonly NodeCase[] = [
  {
    name: 'sets the key and leaves the value',
    config: { key: 'value.user' },
    send: [{ port: 'in', key: null, value: { user: 'ann' }, timestampMs: 3 }],
    expected: [{ port: 'out', key: 'ann', value: { user: 'ann' }, timestampMs: 3 }],
  },
]
