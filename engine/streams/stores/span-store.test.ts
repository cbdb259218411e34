import { describe, expect, test } from 'vitest'
import { jsonSerde } from '../serdes.ts'
import { SpanStore } from './span-store.ts'
import { TimeHeap } from './time-heap.ts'
import { sessionKeys } from './window-keys.ts'

const shape = {
  orderedBy: 'end',
  keys: sessionKeys,
  retentionMs: 100,
  keepsBoundary: false,
  closes: true,
} as const
const make = () => new SpanStore('s', { key: jsonSerde, value: jsonSerde }, shape)
const bounds = (windowStartMs: number, windowEndMs: number) => ({ windowStartMs, windowEndMs })

/** The same numbers for the same seed. */
function numbers(seed: number) {
  let state = seed
  return (bound: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state % bound
  }
}

describe('a store of sessions', () => {
  test('comes back from its compacted changelog as it was, with its times, whatever was put, removed and forgotten', () => {
    const next = numbers(7)
    const store = make()
    const changelog = new Map<string, [Uint8Array, Uint8Array | null, number]>()
    const drain = () =>
      store.drainChanges((...change) => {
        const id = Buffer.from(change[0]).toString('hex')
        changelog.delete(id)
        changelog.set(id, change)
      })
    for (let i = 0; i < 2000; i++) {
      const key = ['a', 'b', 7][next(3)]
      const startMs = Math.max(0, i - next(40))
      for (const span of store.find(key, startMs - 5, startMs + 5)) store.remove(span)
      store.put(key, bounds(startMs, startMs + next(5)), next(10) === 0 ? null : { i }, startMs)
      store.streamTimeMs = i
      store.expire()
      if (next(5) === 0) drain()
      if (next(50) > 0) continue
      drain()
      const restored = make()
      for (const change of changelog.values()) if (next(3) > 0) restored.restore(...change)
      // A restore that was cut off begins again from the start.
      for (const change of changelog.values()) restored.restore(...change)
      expect([...restored.rows()]).toEqual([...store.rows()])
      expect(restored.streamTimeMs).toBe(i)
      let told = 0
      restored.drainChanges(() => told++)
      expect(told).toBe(0)
    }
    expect([...store.rows()].length).toBeGreaterThan(3)
  })

  test('has forgotten as much after a restore, even when what made it forget is gone', () => {
    const store = make()
    store.put('old', bounds(0, 10), 1, 10)
    store.put('new', bounds(200, 200), 1, 200)
    store.put('new', bounds(200, 200), null, 200)
    const restored = make()
    store.drainChanges((key, value, timestampMs) => {
      if (value !== null) restored.restore(key, value, timestampMs)
    })
    expect([...store.rows()]).toEqual([])
    expect([...restored.rows()]).toEqual([])
  })

  test('gives closed sessions once, by end, start and key, also after a restore', () => {
    const store = make()
    for (const [key, start, end] of [
      ['b', 5, 20],
      ['a', 5, 20],
      ['c', 1, 20],
      ['d', 9, 10],
      ['e', 30, 40],
    ] as const) {
      store.put(key, bounds(start, end), 1, end)
    }
    const restored = make()
    store.drainChanges((...change) => restored.restore(...change))
    for (const each of [store, restored]) {
      expect(each.closing(0, 30).map(({ key }) => key)).toEqual(['d', 'c', 'a', 'b'])
      expect(each.closing(0, 30)).toEqual([])
      expect(each.closing(31, 50).map(({ key }) => key)).toEqual(['e'])
    }
  })
})

test('a heap gives what is due and has not gone, by time', () => {
  const next = numbers(3)
  const heap = new TimeHeap<{ timeMs: number; gone: boolean }>()
  let waiting: { timeMs: number; gone: boolean }[] = []
  for (let round = 0; round < 300; round++) {
    for (let i = next(20); i > 0; i--) {
      const entry = { timeMs: round + next(50), gone: false }
      waiting.push(entry)
      heap.push(entry)
    }
    for (const entry of waiting) {
      if (next(3) > 0) continue
      entry.gone = true
      heap.noteGone()
    }
    waiting = waiting.filter((entry) => !entry.gone)
    const taken = heap.takeUpTo(round)
    const due = waiting.filter(({ timeMs }) => timeMs <= round)
    waiting = waiting.filter(({ timeMs }) => timeMs > round)
    expect(taken.map(({ timeMs }) => timeMs)).toEqual(due.map(({ timeMs }) => timeMs).sort((a, b) => a - b))
  }
})
