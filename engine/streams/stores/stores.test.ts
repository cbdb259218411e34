import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KeyValueDatabase } from '../../environment/index.ts'
import { createNodeEnvironment } from '../../node/environment/index.ts'
import { jsonSerde } from '../serdes.ts'
import { DiskRowStore } from './disk-row-store.ts'
import { MemoryRowStore, type RowStore } from './row-store.ts'

const serdes = { key: jsonSerde, value: jsonSerde }
const keys = ['a', 'b', 'ab', 7, '7', { x: 1 }, [1, 'two'], true]

let folder: string
let database: KeyValueDatabase

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-stores-'))
  database = await createNodeEnvironment().keyValue.open(folder)
})
afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

/** The same numbers for the same seed. */
function numbers(seed: number) {
  let state = seed
  return (bound: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state % bound
  }
}

function snapshot(store: RowStore) {
  return [...store.rows()].map((row) => ({ ...row }))
}

/** A row deleted and put again may be told as both, in order: what counts is what stands last. */
function latestChanges(store: RowStore): Map<string, string> {
  const changes = new Map<string, string>()
  store.drainChanges((key, value, timestampMs) => {
    changes.set(Buffer.from(key).toString(), `${value && Buffer.from(value)} at ${timestampMs}`)
  })
  return changes
}

describe('a store on disk', () => {
  test('shows the same as one in memory, whatever is put, deleted, committed and read in between', async () => {
    const next = numbers(42)
    const memory = new MemoryRowStore('s', serdes)
    const disk = new DiskRowStore('s', serdes, database)
    const other = new DiskRowStore('s-2', serdes, database)
    other.put('a', 'not of s', 1)
    for (let i = 0; i < 3000; i++) {
      const key = keys[next(keys.length)]
      const value = next(4) === 0 ? null : { i }
      memory.put(key, value, i)
      disk.put(key, value, i)
      if (next(10) === 0) {
        expect(latestChanges(disk)).toEqual(latestChanges(memory))
        if (next(2) === 0) await disk.flush()
      }
      const looked = keys[next(keys.length)]
      expect(disk.get(looked)?.value).toEqual(memory.get(looked)?.value)
      if (i % 100 === 0) expect(snapshot(disk)).toEqual(snapshot(memory))
    }
    expect(snapshot(other)).toEqual([{ key: 'a', value: 'not of s', timestampMs: 1 }])
  })

  test('comes back from its changelog as it was', async () => {
    const first = new DiskRowStore('first', serdes, database)
    const second = new DiskRowStore('second', serdes, database)
    for (const [i, key] of keys.entries()) first.put(key, { i }, i)
    first.drainChanges((...change) => second.restore(...change))
    first.put('a', null, 100)
    first.put('b', 'new', 101)
    first.drainChanges((...change) => second.restore(...change))
    await second.flush()
    expect(snapshot(second)).toEqual(snapshot(first))
    expect(second.get('a')).toBeUndefined()
    expect(second.get('b')).toMatchObject({ value: 'new', timestampMs: 101 })
  })
})

describe('changes', () => {
  test('are told once per row and commit, with the latest state', () => {
    const store = new MemoryRowStore('s', serdes)
    for (let i = 0; i < 10; i++) store.put('a', i, i)
    const told: string[] = []
    const tell = (key: Uint8Array, value: Uint8Array | null) =>
      told.push(`${Buffer.from(key)} ${value === null ? 'gone' : Buffer.from(value)}`)
    store.drainChanges(tell)
    store.drainChanges(tell)
    store.put('a', null, 11)
    store.drainChanges(tell)
    expect(told).toEqual(['"a" 9', '"a" gone'])
  })
})
