import { beforeAll, expect, test } from 'vitest'
import { alerts, delaysByAirport } from './expected.ts'
import { latest, runSample, type SampleRun } from './run-sample.ts'

let run: SampleRun
beforeAll(async () => {
  run = await runSample('flight-delays')
})

test('the sample has no problems, and all of its lines are read', () => {
  expect(run.problems).toEqual([])
  expect(run.badLines).toEqual([])
  expect(run.fed.flights).toHaveLength(20_000)
  expect(run.fed.airports).toHaveLength(3376)
})

test('delays by airport and day are what the files say', () => {
  const actual = latest(run.outputs, 'delays-by-airport')
  const expected = delaysByAirport()
  expect(actual.size).toBe(expected.size)
  for (const [key, { flights, avgDelay, worstDelay }] of expected) {
    const row = actual.get(key) as { flights: number; avgDelay: number; worstDelay: number }
    expect({ key, flights: row.flights, worstDelay: row.worstDelay }).toEqual({ key, flights, worstDelay })
    expect(row.avgDelay).toBeCloseTo(avgDelay, 9)
  }
})

test('every flight that is 45 minutes late or more is one alert, counted per airport', () => {
  const written = run.outputs.filter(({ topic }) => topic === 'alerts')
  expect(written.map(({ value }) => value)).toEqual(alerts())
  expect(written.length).toBeGreaterThan(1000)
  expect(written.every(({ key, value }) => key === (value as { origin: string }).origin)).toBe(true)
})
