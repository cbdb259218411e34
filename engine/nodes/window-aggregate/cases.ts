import type { NodeConfig } from '../../pipeline/index.ts'
import type { NodeCase } from '../kind.ts'

const functions: readonly NodeConfig[] = [
  { fn: 'count', as: 'times' },
  { fn: 'sum', as: 'total', expr: 'value.n' },
  { fn: 'avg', as: 'mean', expr: 'value.n' },
  { fn: 'min', as: 'least', expr: 'value.n' },
  { fn: 'max', as: 'most', expr: 'value.n' },
]
const sent = (n: number, timestampMs: number) => ({
  port: 'in',
  key: 'k',
  value: { user: 'ann', n },
  timestampMs,
})
const window = (windowStartMs: number, windowEndMs: number, key = 'k') => ({
  key,
  windowStartMs,
  windowEndMs,
})

export const cases: readonly NodeCase[] = [
  {
    name: 'keeps five figures per group over all time',
    config: { groupBy: 'value.user', window: 'none', functions },
    send: [sent(4, 10), sent(2, 20)],
    expected: [
      { port: 'out', key: 'ann', value: { times: 1, total: 4, mean: 4, least: 4, most: 4 }, timestampMs: 10 },
      { port: 'out', key: 'ann', value: { times: 2, total: 6, mean: 3, least: 2, most: 4 }, timestampMs: 20 },
    ],
  },
  {
    name: 'counts per tumbling window, takes late records within the grace and drops expired ones',
    config: { window: 'tumbling', sizeMs: 10, graceMs: 5 },
    send: [sent(1, 1), sent(1, 12), sent(1, 3), sent(1, 15), sent(1, 4)],
    expected: [
      { port: 'out', key: window(0, 10), value: { count: 1 }, timestampMs: 1 },
      { port: 'out', key: window(10, 20), value: { count: 1 }, timestampMs: 12 },
      { port: 'out', key: window(0, 10), value: { count: 2 }, timestampMs: 3 },
      { port: 'out', key: window(10, 20), value: { count: 2 }, timestampMs: 15 },
    ],
    dropped: 1,
  },
  {
    name: 'counts a record in each hopping window that it lies in',
    config: { window: 'hopping', sizeMs: 10, advanceMs: 5 },
    send: [sent(1, 7)],
    expected: [
      { port: 'out', key: window(0, 10), value: { count: 1 }, timestampMs: 7 },
      { port: 'out', key: window(5, 15), value: { count: 1 }, timestampMs: 7 },
    ],
  },
  {
    name: 'emits a window once, when it has closed',
    config: { window: 'tumbling', sizeMs: 10, graceMs: 0, emit: 'on-window-close' },
    send: [sent(1, 1), sent(1, 2), sent(1, 10)],
    expected: [{ port: 'out', key: window(0, 10), value: { count: 2 }, timestampMs: 2 }],
  },
]
