import { beforeAll, expect, test } from 'vitest'
import { csvRows, latest, runSample, type SampleRun, sampleText } from './run-sample.ts'

const dayMs = 86_400_000

let run: SampleRun
beforeAll(async () => {
  run = await runSample('flight-delays')
})

const flights = csvRows(sampleText('flight-delays', 'data/flights.csv'))
const airports = new Map(
  csvRows(sampleText('flight-delays', 'data/airports.csv')).map((row) => [row.iata, row]),
)

/** Worked out from the files alone, without the engine. */
function lateFlights() {
  return flights
    .filter((flight) => Number(flight.delay) >= 15 && airports.has(flight.origin!))
    .map(({ at, origin, destination, delay }) => ({
      origin: origin!,
      destination: destination!,
      atMs: Date.parse(at!),
      delay: Number(delay),
    }))
}

test('the sample has no problems, and all of its lines are read', () => {
  expect(run.problems).toEqual([])
  expect(run.badLines).toEqual([])
  expect(run.fed.flights).toHaveLength(20_000)
  expect(run.fed.airports).toHaveLength(3376)
})

test('delays by airport and day are what the files say', () => {
  const groups = new Map<string, number[]>()
  for (const { origin, atMs, delay } of lateFlights()) {
    const windowStartMs = Math.floor(atMs / dayMs) * dayMs
    const key = JSON.stringify({ key: origin, windowStartMs, windowEndMs: windowStartMs + dayMs })
    groups.set(key, [...(groups.get(key) ?? []), delay])
  }
  const actual = latest(run.outputs, 'delays-by-airport')
  expect(actual.size).toBe(groups.size)
  for (const [key, delays] of groups) {
    const row = actual.get(key) as { flights: number; avgDelay: number; worstDelay: number }
    expect({ key, flights: row.flights, worstDelay: row.worstDelay }).toEqual({
      key,
      flights: delays.length,
      worstDelay: Math.max(...delays),
    })
    expect(row.avgDelay).toBeCloseTo(delays.reduce((sum, delay) => sum + delay, 0) / delays.length, 9)
  }
})

test('every flight that is 45 minutes late or more is one alert, counted per airport', () => {
  const seen = new Map<string, number>()
  const expected = lateFlights()
    .filter(({ delay }) => delay >= 45)
    .map((flight) => {
      const count = (seen.get(flight.origin) ?? 0) + 1
      seen.set(flight.origin, count)
      const level = flight.delay >= 180 ? 'severe' : count > 20 ? 'high' : 'normal'
      const city = airports.get(flight.origin)!.city || null
      return {
        origin: flight.origin,
        destination: flight.destination,
        city,
        delay: flight.delay,
        level,
        count,
      }
    })
  const alerts = run.outputs.filter(({ topic }) => topic === 'alerts')
  expect(alerts.map(({ value }) => value)).toEqual(expected)
  expect(expected.length).toBeGreaterThan(1000)
  expect(alerts.every(({ key, value }) => key === (value as { origin: string }).origin)).toBe(true)
})
