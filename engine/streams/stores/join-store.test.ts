import { expect, test } from 'vitest'
import { jsonSerde } from '../serdes.ts'
import { JoinStore } from './join-store.ts'

const serdes = { key: jsonSerde, value: jsonSerde }
const retentionMs = 1_000_000

function changesOf(store: JoinStore) {
  const changes: { key: Uint8Array; value: Uint8Array | null; timestampMs: number }[] = []
  store.drainChanges((key, value, timestampMs) => changes.push({ key, value, timestampMs }))
  return changes
}

test('a restore that begins again, with records out of order and some gone, gives what was there', () => {
  const store = new JoinStore('s', serdes, 100)
  const changes: ReturnType<typeof changesOf> = []
  for (const [index, timestampMs] of [10, 30, 30, 20, 90, 30, 150, 160].entries()) {
    store.put('k', index, timestampMs)
    changes.push(...changesOf(store))
  }
  expect(changes.some(({ value }) => value === null)).toBe(true)
  const restored = new JoinStore('s', serdes, 100)
  for (const part of [changes.slice(0, 5), changes]) {
    for (const { key, value, timestampMs } of part) restored.restore(key, value, timestampMs)
  }
  const seen = (of: JoinStore) => of.find('k', 0, 1000).map(({ value, timestampMs }) => [value, timestampMs])
  expect(seen(restored)).toEqual(seen(store))
  expect(seen(store)).toEqual([
    [4, 90],
    [6, 150],
    [7, 160],
  ])
})

test('very many records of one key are restored in one go through them', () => {
  const store = new JoinStore('s', serdes, retentionMs)
  const count = 300_000
  for (let index = 0; index < count; index++) store.put('hot', index, index)
  const changes = changesOf(store)
  const restored = new JoinStore('s', serdes, retentionMs)
  for (const { key, value, timestampMs } of changes) restored.restore(key, value, timestampMs)
  expect(restored.find('hot', count - 3, count)).toHaveLength(3)
  // A look at all records of the key for each of them takes minutes.
}, 30_000)
