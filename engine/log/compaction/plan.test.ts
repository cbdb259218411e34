import { expect, test } from 'vitest'
import { type CompactionInput, groupSegments, planCompaction } from './plan.ts'

const config = { dirtyRatioMin: 0.5, deleteRetentionMs: 0, lagMsMin: 0, lagMsMax: Number.MAX_SAFE_INTEGER }
/** Ten offsets and 100 bytes each, written a second after the other; the last is the active one. */
const segments = [0, 1, 2, 3, 4].map((index) => ({
  baseOffset: index * 10,
  sizeBytes: 100,
  maxTimestampMs: index * 1000,
  createdMs: index * 1000,
}))
const plan = (input: Partial<CompactionInput> = {}) =>
  planCompaction({ segments, cleanedOffset: 0, stableOffset: 45, nowMs: 10_000, config, ...input })

test('what was never compacted is, up to the active segment', () => {
  expect(plan()).toEqual({ dirtyOffset: 0, endOffset: 40 })
})

test('it waits until the share of what is new is large enough', () => {
  expect(plan({ cleanedOffset: 30 })).toBeUndefined()
  expect(plan({ cleanedOffset: 20 })).toEqual({ dirtyOffset: 20, endOffset: 40 })
  expect(plan({ cleanedOffset: 40 })).toBeUndefined()
})

test('unless a record has waited for its longest time', () => {
  const overdue = { ...config, lagMsMax: 6500 }
  expect(plan({ cleanedOffset: 30, config: overdue })).toEqual({ dirtyOffset: 30, endOffset: 40 })
  expect(plan({ cleanedOffset: 30, config: overdue, nowMs: 9000 })).toBeUndefined()
})

test('records that may still go, and young ones, stop it', () => {
  expect(plan({ stableOffset: 35 })).toEqual({ dirtyOffset: 0, endOffset: 30 })
  expect(plan({ stableOffset: 9 })).toBeUndefined()
  const withLag = { ...config, lagMsMin: 8500 }
  expect(plan({ config: withLag })).toEqual({ dirtyOffset: 0, endOffset: 20 })
})

test('neighbours are put together while they fit into one segment', () => {
  const bases = (segmentBytesMax: number) =>
    groupSegments(segments, segmentBytesMax).map((group) => group.map(({ baseOffset }) => baseOffset))
  expect(bases(250)).toEqual([[0, 10], [20, 30], [40]])
  expect(bases(50)).toEqual([[0], [10], [20], [30], [40]])
})
