// Makes the samples' input from the npm package vega-datasets: `node test/samples/make-data.mjs`. Run it again only to take
// other parts of the data: what it wrote is kept beside the samples.
import { readFileSync, writeFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const read = (name) => readFileSync(new URL(`node_modules/vega-datasets/data/${name}`, root), 'utf8')
const write = (name, text) => writeFileSync(new URL(`pipelines/${name}`, root), text)

const flightsKept = 12_000

// Local times of departure, without their zones: written as if they were UTC.
const flights = JSON.parse(read('flights-20k.json'))
  .slice(0, flightsKept)
  .map(({ date, ...flight }) => ({ at: `${date.replaceAll('/', '-').replace(' ', 'T')}:00Z`, ...flight }))
write('flight-delays/data/flights.ndjson', flights.map((flight) => `${JSON.stringify(flight)}\n`).join(''))
write('flight-delays/data/airports.csv', read('airports.csv'))

const [header, ...days] = read('weather.csv').trimEnd().split('\n')
const dateOf = (line) => line.split(',')[1]
days.sort((a, b) => (dateOf(a) < dateOf(b) ? -1 : dateOf(a) > dateOf(b) ? 1 : 0))
write('weather-fronts/data/weather.csv', `${[header, ...days].join('\n')}\n`)

write('bird-strikes/data/strikes.csv', read('birdstrikes.csv').replaceAll('\r', ''))
