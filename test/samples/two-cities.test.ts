import { beforeAll, expect, test } from 'vitest'
import { warmerCities } from './expected.ts'
import { runSample, type SampleRun } from './run-sample.ts'

let run: SampleRun
beforeAll(async () => {
  run = await runSample('two-cities')
})

test('the sample has no problems, and all of its lines are read', () => {
  expect(run.problems).toEqual([])
  expect(run.badLines).toEqual([])
  expect(run.fed.seattle).toHaveLength(1461)
  expect(run.dropped).toBe(0)
})

test('each day stands once with the city that was warmer, and by how much', () => {
  const actual = run.outputs.map(({ topic, key, timestampMs, value }) => ({ topic, key, timestampMs, value }))
  expect(actual).toEqual(warmerCities())
  expect(actual.length).toBeGreaterThan(1400)
})
