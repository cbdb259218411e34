import { describe, expect, test } from 'vitest'
import { jsonSerde } from '../serdes.ts'
import { VersionedStore } from './versioned-store.ts'

const serdes = { key: jsonSerde, value: jsonSerde }
const historyMs = 100

/** The same numbers for the same seed. */
function numbers(seed: number) {
  let state = seed
  return (bound: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor(state / 65_536) % bound
  }
}

/** All versions ever put, and the rules in words. */
class Model {
  readonly versions = new Map<string, Map<number, number | null>>()
  largestMs = -1

  put(key: string, value: number | null, timestampMs: number): string {
    if (timestampMs < this.largestMs - historyMs) return 'expired'
    this.largestMs = Math.max(this.largestMs, timestampMs)
    const versions = this.versions.get(key) ?? new Map<number, number | null>()
    this.versions.set(key, versions.set(timestampMs, value))
    return timestampMs === Math.max(...versions.keys()) ? 'latest' : 'earlier'
  }

  getAsOf(key: string, asOfMs: number): number | null {
    const versions = this.versions.get(key) ?? new Map<number, number | null>()
    const latestMs = Math.max(-1, ...versions.keys())
    if (asOfMs < this.largestMs - historyMs && latestMs > asOfMs) return null
    const validMs = Math.max(-1, ...[...versions.keys()].filter((timeMs) => timeMs <= asOfMs))
    return versions.get(validMs) ?? null
  }
}

describe('a store of versions', () => {
  test('gives what was valid at a time, also after it has come back from its changelog', () => {
    const next = numbers(7)
    const model = new Model()
    const changelog = new Map<string, [Uint8Array, Uint8Array | null]>()
    let store = new VersionedStore('s', serdes, historyMs)
    for (let i = 0; i < 4000; i++) {
      const key = `k${next(5)}`
      const timestampMs = Math.max(0, i - next(160))
      const value = next(4) === 0 ? null : i
      expect(store.put(key, value, timestampMs)).toBe(model.put(key, value, timestampMs))
      if (next(20) === 0) {
        store.drainChanges((id, bytes) => changelog.set(Buffer.from(id).toString('hex'), [id, bytes]))
        if (next(2) === 0) {
          store = new VersionedStore('s', serdes, historyMs)
          for (const [id, bytes] of changelog.values()) store.restore(id, bytes)
        }
      }
      const asked = `k${next(5)}`
      const asOfMs = Math.max(0, i - next(200))
      expect(store.getAsOf(asked, asOfMs)?.value ?? null).toBe(model.getAsOf(asked, asOfMs))
    }
  })

  test('forgets versions that nobody can ask for, in its changelog too', () => {
    const store = new VersionedStore('s', serdes, historyMs)
    const changelog = new Map<string, Uint8Array | null>()
    for (let i = 0; i < 5000; i++) {
      store.put('a', i, i)
      store.drainChanges((id, bytes) => changelog.set(Buffer.from(id).toString('hex'), bytes))
    }
    const kept = [...changelog.values()].filter((bytes) => bytes !== null)
    expect(kept.length).toBeGreaterThanOrEqual(historyMs)
    expect(kept.length).toBeLessThan(historyMs * 1.2)
  })
})
