import { describe, expect, it } from 'vitest'
import type { ConsumerRecord } from '../../client/api.ts'
import { sharesOf } from './reader.ts'
import { matcher, mergedByTime, rowOf } from './rows.ts'

const record = (change: Partial<ConsumerRecord>): ConsumerRecord => ({
  topic: 't',
  partition: 0,
  offset: 0,
  timestampMs: 0,
  timestampType: 'create',
  key: null,
  value: null,
  headers: [],
  leaderEpoch: 0,
  sizeBytes: 0,
  ...change,
})

describe('a page of several partitions', () => {
  it('is shared evenly, and what one lacks others give', () => {
    expect(sharesOf([10, 10, 10], 6)).toEqual([2, 2, 2])
    expect(sharesOf([1, 100, 3], 50)).toEqual([1, 46, 3])
    expect(sharesOf([100, 100, 100], 2)).toEqual([1, 1, 0])
    expect(sharesOf([2, 0], 50)).toEqual([2, 0])
    expect(sharesOf([], 50)).toEqual([])
  })

  it('is in order of time across them, and of offset within each, whatever the times there', () => {
    const row = (partition: number, offset: number, timestampMs: number) =>
      rowOf(record({ partition, offset, timestampMs }))
    const merged = mergedByTime([
      [row(0, 0, 5), row(0, 1, 1)],
      [row(1, 0, 2), row(1, 1, 6)],
    ])
    expect(merged.map(({ partition, offset }) => [partition, offset])).toEqual([
      [1, 0],
      [0, 0],
      [0, 1],
      [1, 1],
    ])
  })
})

describe('a row', () => {
  it('cuts long texts, and says so; a null is not a text', () => {
    const row = rowOf(record({ value: Buffer.from('abcdef') }), 3)
    expect(row.value).toEqual({ format: 'utf-8', text: 'abc', cut: true })
    expect(row.key).toEqual({ format: 'null', text: '', cut: false })
  })
})

describe('a text filter', () => {
  it('looks at value, key and headers, in any case', () => {
    const found = matcher('Grün')
    expect(found(record({ value: Buffer.from('dunkelGRÜN') }))).toBe(true)
    expect(found(record({ key: Buffer.from('grün') }))).toBe(true)
    expect(found(record({ headers: [{ key: 'grün', value: null }] }))).toBe(true)
    expect(found(record({ value: Buffer.from('rot') }))).toBe(false)
    expect(matcher('')(record({}))).toBe(true)
  })
})
