import { expect, test } from 'vitest'
import { PendingOffsets } from './pending-offsets.ts'

const key = { group: 'g', topic: 't', partition: 0 }
const committed = { offset: 7, leaderEpoch: 0, metadata: '', committedMs: 1000 }
const at = (recordOffset: number) => ({ key, committed, recordOffset })

test('a marker ends what lies before it, and leaves the offsets of the next transaction', () => {
  const pending = new PendingOffsets()
  pending.add(1, at(10))
  pending.add(1, at(11))
  pending.add(1, at(13))
  expect(pending.end(1, 12)).toEqual([at(10), at(11)])
  expect(pending.has(key)).toBe(true)
  expect(pending.end(1, 14)).toEqual([at(13)])
  expect(pending.has(key)).toBe(false)
})

test('offsets are unstable until every producer that committed one has come to its end', () => {
  const pending = new PendingOffsets()
  pending.add(1, at(10))
  pending.add(2, at(11))
  expect(pending.end(3, 20)).toEqual([])
  pending.end(1, 20)
  expect(pending.has(key)).toBe(true)
  expect(pending.has({ ...key, partition: 1 })).toBe(false)
  pending.end(2, 20)
  expect(pending.has(key)).toBe(false)
})
