import { beforeAll, expect, test } from 'vitest'
import { damageReports, harmlessStrikes, wildlifeCosts } from './expected.ts'
import { latest, runSample, type SampleRun } from './run-sample.ts'
import { csvRows } from './sample-files.ts'

let run: SampleRun
beforeAll(async () => {
  run = await runSample('wildlife-strikes')
})

test('the sample has no problems, and all of its lines are read', () => {
  expect(run.problems).toEqual([])
  expect(run.badLines).toEqual([])
  expect(run.dropped).toBe(0)
})

test('the file holds the reports of damage, line for line', () => {
  const expected = damageReports()
  expect(csvRows(run.written('out/damage.csv'))).toEqual(expected)
  expect(expected.length).toBeGreaterThan(1000)
})

test('costs are summed by species and by state, inspections with them', () => {
  const inspections = run.fed.inspections!
  expect(inspections).toHaveLength(700)
  const bills = inspections.map(({ key, value }) => ({
    key: String(key),
    cost: (value as { cost: number }).cost,
  }))
  expect(latest(run.outputs, 'wildlife-costs')).toEqual(wildlifeCosts(bills))
})

test('harmless strikes are counted in each of the three quarters that a day lies in', () => {
  expect(latest(run.outputs, 'harmless-strikes')).toEqual(harmlessStrikes())
})
