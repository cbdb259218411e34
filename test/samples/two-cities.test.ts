import { beforeAll, expect, test } from 'vitest'
import { csvRows, runSample, type SampleRun, sampleText } from './run-sample.ts'

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
  const newYork = new Map(
    csvRows(sampleText('two-cities', 'data/new-york.csv')).map((row) => [row.date, row]),
  )
  const expected = csvRows(sampleText('two-cities', 'data/seattle.csv')).flatMap((seattle) => {
    const other = newYork.get(seattle.date)
    // In tenths of a degree: whole numbers have no rounding to agree about.
    const tenths = other ? Math.round(Number(seattle.high) * 10) - Math.round(Number(other.high) * 10) : 0
    if (!other || tenths === 0) return []
    return [
      {
        topic: tenths > 0 ? 'seattle-warmer' : 'new-york-warmer',
        key: seattle.date,
        timestampMs: Date.parse(`${seattle.date}T00:00:00Z`),
        value: {
          seattle: Number(seattle.high),
          newYork: Number(other.high),
          weather: [seattle.weather, other.weather],
          margin: tenths / 10,
        },
      },
    ]
  })
  const actual = run.outputs.map(({ topic, key, timestampMs, value }) => ({ topic, key, timestampMs, value }))
  expect(actual).toEqual(expected)
  expect(expected.length).toBeGreaterThan(1400)
})
