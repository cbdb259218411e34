import { beforeAll, expect, test } from 'vitest'
import { csvRows, latest, runSample, type SampleRun, sampleText } from './run-sample.ts'

const dayMs = 86_400_000
const sizeMs = 90 * dayMs
const advanceMs = 30 * dayMs

let run: SampleRun
beforeAll(async () => {
  run = await runSample('wildlife-strikes')
})

const strikes = csvRows(sampleText('wildlife-strikes', 'data/strikes.csv'))
const damaged = strikes.filter((strike) => strike.damage !== 'None')

test('the sample has no problems, and all of its lines are read', () => {
  expect(run.problems).toEqual([])
  expect(run.badLines).toEqual([])
  expect(run.dropped).toBe(0)
})

test('the file holds the reports of damage, line for line', () => {
  const columns = ['date', 'airport', 'aircraft', 'species', 'damage', 'cost']
  const expected = damaged.map((strike) => Object.fromEntries(columns.map((name) => [name, strike[name]])))
  expect(csvRows(run.written('out/damage.csv'))).toEqual(expected)
  expect(expected.length).toBeGreaterThan(1000)
})

test('costs are summed by species and by state, inspections with them', () => {
  const inspections = run.fed.inspections!
  expect(inspections).toHaveLength(700)
  const bills = [
    ...damaged.flatMap(({ species, state, cost }) => [
      { key: `species: ${species}`, cost: Number(cost) },
      { key: `state: ${state}`, cost: Number(cost) },
    ]),
    ...inspections.map(({ key, value }) => ({ key: String(key), cost: (value as { cost: number }).cost })),
  ]
  const expected = new Map<string, { bills: number; total: number; highest: number }>()
  for (const { key, cost } of bills) {
    const row = expected.get(JSON.stringify(key)) ?? { bills: 0, total: 0, highest: 0 }
    expected.set(JSON.stringify(key), {
      bills: row.bills + 1,
      total: row.total + cost,
      highest: Math.max(row.highest, cost),
    })
  }
  expect(latest(run.outputs, 'wildlife-costs')).toEqual(expected)
})

test('harmless strikes are counted in each of the three quarters that a day lies in', () => {
  const expected = new Map<string, { strikes: number }>()
  for (const { date, state } of strikes.filter((strike) => strike.damage === 'None')) {
    const atMs = Date.parse(`${date}T00:00:00Z`)
    for (let start = Math.floor(atMs / advanceMs) * advanceMs; start > atMs - sizeMs; start -= advanceMs) {
      const key = JSON.stringify({ key: state, windowStartMs: start, windowEndMs: start + sizeMs })
      expected.set(key, { strikes: (expected.get(key)?.strikes ?? 0) + 1 })
    }
  }
  expect(latest(run.outputs, 'harmless-strikes')).toEqual(expected)
})
