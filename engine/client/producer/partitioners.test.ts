import { expect, test } from 'vitest'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import type { Partitioner, ProducerRecord } from '../api.ts'
import { type PartitionsView, topicPartitioner } from './partitioners.ts'

const { random } = createNodeEnvironment({ seed: 7 })
const keyless: ProducerRecord = { topic: 't', key: null, value: null }

function view(parts: Partial<PartitionsView> & { count: number }): PartitionsView {
  return { hasLeader: () => true, queuedBytes: () => 0, ...parts }
}

function choices(
  kind: Partitioner,
  parts: PartitionsView,
  recordBytes: number[],
  record = keyless,
): number[] {
  const partitioner = topicPartitioner(kind, 1000, random)
  return recordBytes.map((bytes) => {
    const partition = partitioner.choose(record, parts)
    partitioner.appended(partition, bytes)
    return partition
  })
}

test("keyless records stay in one partition for a batch's worth of bytes", () => {
  const chosen = choices('default', view({ count: 50 }), Array(100).fill(100))
  for (let batch = 0; batch < 10; batch++)
    expect(new Set(chosen.slice(batch * 10, batch * 10 + 10)).size).toBe(1)
  expect(new Set(chosen).size).toBeGreaterThan(5)
})

test('partitions with much to send are chosen less, those without a leader never', () => {
  const parts = view({
    count: 3,
    hasLeader: (partition) => partition !== 2,
    queuedBytes: (partition) => (partition === 0 ? 9000 : 0),
  })
  const chosen = choices('default', parts, Array(2000).fill(1000))
  expect(chosen).not.toContain(2)
  const toBusy = chosen.filter((partition) => partition === 0).length
  expect(toBusy).toBeGreaterThan(100)
  expect(toBusy).toBeLessThan(350)
})

test('round robin skips partitions without a leader', () => {
  const parts = view({ count: 3, hasLeader: (partition) => partition !== 1 })
  expect(choices('round-robin', parts, [1, 1, 1, 1])).toEqual([0, 2, 0, 2])
})

test('least bytes evens out what was sent', () => {
  expect(choices('least-bytes', view({ count: 3 }), [50, 10, 30, 10, 5, 10])).toEqual([0, 1, 2, 1, 1, 1])
})

test.each([-1, 3, 1.5, Number.NaN])('a function that chooses partition %s of 3 is refused', (chosen) => {
  const partitioner = topicPartitioner(() => chosen, 1000, random)
  expect(() => partitioner.choose(keyless, view({ count: 3 }))).toThrow(
    expect.objectContaining({ code: 'BAD_PARTITION' }),
  )
})
