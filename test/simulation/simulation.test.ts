import { expect, test } from 'vitest'
import { runSeed } from './run-seed.ts'

const seeds = 20
const firstSeed = 1

test('no acknowledged record is lost, no transaction torn, and replicas agree, whatever fails', {
  timeout: 120_000,
}, async () => {
  let acknowledged = 0
  let committed = 0
  let aborted = 0
  let zombies = 0
  const faults = new Set<string>()
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const result = await runSeed({ seed, durationMs: 2000 })
    const replay = `seed ${seed}; replay it: npm run simulate -- --seed ${seed} --duration 2000 --trace`
    expect(result.violations, replay).toEqual([])
    acknowledged += result.acknowledged
    committed += result.transactions.committed ?? 0
    aborted += result.transactions.aborted ?? 0
    zombies += result.zombies
    for (const kind of Object.keys(result.faults)) faults.add(kind)
  }
  // A run in which nothing was written, or nothing failed, shows nothing.
  expect(acknowledged).toBeGreaterThan(seeds * 100)
  expect(committed).toBeGreaterThan(seeds * 4)
  expect(aborted).toBeGreaterThan(seeds * 2)
  expect(zombies).toBeGreaterThan(seeds / 4)
  expect([...faults]).toEqual(expect.arrayContaining(['crash', 'kill', 'partition']))
})

test('an acknowledged record survives the leader’s crash (RF=3, unsynced tail lost)', async () => {
  const result = await runSeed({ seed: 7, kinds: ['crash'], durationMs: 3000 })
  expect(result.violations).toEqual([])
  expect(result.faults.crash).toBeGreaterThan(0)
})

test('the same seed gives the same run', async () => {
  const lines = async () => {
    const trace: string[] = []
    await runSeed({ seed: 3, durationMs: 500, trace: (line) => trace.push(line) })
    return trace
  }
  const first = await lines()
  expect(first.length).toBeGreaterThan(1000)
  expect(await lines()).toEqual(first)
})
