import { expect, test } from 'vitest'
import { minimise } from './minimise.ts'
import { runSeed } from './run-seed.ts'

const seeds = 12
const firstSeed = 1

test('no acknowledged record is lost, no transaction torn, and replicas agree, whatever fails', {
  timeout: 180_000,
}, async () => {
  const operations: Record<string, number> = {}
  const faults = new Set<string>()
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const result = await runSeed({ seed, durationMs: 2000 })
    const replay = `seed ${seed}; replay it: npm run simulate -- --seed ${seed} --duration 2000 --tell`
    expect(result.violations, replay).toEqual([])
    expect(result.faultIndexes.length).toBeGreaterThanOrEqual(3)
    for (const kind of Object.keys(result.faults)) faults.add(kind)
    for (const [kind, count] of Object.entries(result.operations)) {
      operations[kind] = (operations[kind] ?? 0) + count
    }
  }
  // A run in which nothing was written, or nothing failed, shows nothing.
  expect(operations.produce).toBeGreaterThan(seeds * 100)
  expect(operations['transaction committed']).toBeGreaterThan(seeds * 4)
  expect(operations['transaction aborted']).toBeGreaterThan(seeds * 2)
  expect(operations.commit).toBeGreaterThan(seeds)
  expect(operations['send again']).toBeGreaterThan(seeds)
  expect([...faults]).toEqual(expect.arrayContaining(['crash', 'kill', 'partition']))
})

test('an acknowledged record survives the leader’s crash (RF=3, unsynced tail lost)', {
  timeout: 60_000,
}, async () => {
  const result = await runSeed({ seed: 7, kinds: ['crash'], durationMs: 3000 })
  expect(result.violations).toEqual([])
  expect(result.faults.crash).toBeGreaterThan(0)
})

test('the same seed gives the same run', { timeout: 60_000 }, async () => {
  const lines = async () => {
    const trace: string[] = []
    await runSeed({ seed: 3, durationMs: 300, trace: (line) => trace.push(line) })
    return trace
  }
  const first = await lines()
  expect(first.length).toBeGreaterThan(1000)
  expect(await lines()).toEqual(first)
})

test('a run is minimised to what its violation needs', { timeout: 60_000 }, async () => {
  const options = { seed: 5, durationMs: 400, loads: new Set(['steady', 'compacted'] as const) }
  // Convergence is checked in every run, with whatever clients: nothing of this one is needed for it.
  const found = await runSeed(options)
  expect(found.violations).toEqual([])
  const { runs, result } = await minimise(options, found)
  expect(result).toBe(found)
  expect(runs).toBeGreaterThan(0)
})
