import { expect, test } from 'vitest'
import type { RecordRow } from '../../engine/host/contract.ts'
import { fieldText, mergeByTime, rowKey } from './record-rows.ts'

const decoded = (text: string) => ({ format: 'json' as const, text, cut: false })
const row = (partition: number, offset: number, timestampMs: number, value = '{}'): RecordRow => ({
  partition,
  offset,
  timestampMs,
  key: decoded('"k"'),
  value: decoded(value),
  headers: [{ key: 'trace.id', value: decoded('abc') }],
  sizeBytes: value.length,
})

test('partitions merge by time, and each keeps its own order even where times run backwards', () => {
  const merged = mergeByTime([
    [row(0, 1, 10), row(0, 2, 5), row(0, 3, 30)],
    [row(1, 7, 8), row(1, 8, 20)],
  ])
  expect(merged.map(rowKey)).toEqual(['1-7', '0-1', '0-2', '1-8', '0-3'])
})

test('a column takes a path into the value, the key or a header', () => {
  const record = row(0, 0, 0, '{"airport":{"size":3},"origin":"ORD"}')
  expect(
    ['value.airport.size', 'airport', 'origin', 'key', 'headers.trace.id', 'value.gone.deep'].map((path) =>
      fieldText(record, path),
    ),
  ).toEqual(['3', '{"size":3}', 'ORD', 'k', 'abc', ''])
})
