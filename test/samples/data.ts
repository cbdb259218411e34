/**
 * The samples' input, made from the records that the npm package vega-datasets carries. `node test/samples/data.ts` writes
 * the files again; a test checks that they still equal what this makes.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const checkout = path.resolve(import.meta.dirname, '../..')

function dataset(name: string): string {
  return readFileSync(path.join(checkout, 'node_modules/vega-datasets/data', name), 'utf8')
}

/** Rows of a CSV file without quoted cells, the header left out. */
function rows(name: string): string[][] {
  const [, ...lines] = dataset(name).trim().split('\n')
  return lines.map((line) => line.trimEnd().split(','))
}

function csv(header: readonly string[], lines: readonly (readonly string[])[]): string {
  return [header, ...lines].map((cells) => `${cells.join(',')}\n`).join('')
}

interface Flight {
  readonly date: string
  readonly delay: number
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

/** 20,000 flights of January to March 2001, in order of their local departure, taken as UTC. */
function flights(): string {
  const all = JSON.parse(dataset('flights-20k.json')) as Flight[]
  const lines = all.map((flight) => [
    `${flight.date.replaceAll('/', '-').replace(' ', 'T')}:00Z`,
    flight.origin,
    flight.destination,
    String(flight.delay),
    String(flight.distance),
  ])
  return csv(['at', 'origin', 'destination', 'delay', 'distance'], lines)
}

/** As it is, quoted cells and all: 3,376 airports. */
function airports(): string {
  return dataset('airports.csv')
}

/** One city's daily weather, 2012 to 2015. */
function weather(city: string): string {
  const lines = rows('weather.csv').filter(([location]) => location === city)
  return csv(
    ['date', 'precipitation', 'high', 'low', 'wind', 'weather'],
    lines.map(([, ...cells]) => cells),
  )
}

/** 10,000 reported strikes of birds and other wildlife, 1990 to 2002, in order of date. */
function strikes(): string {
  const lines = rows('birdstrikes.csv').map((cells) => {
    const [airport, aircraft, damage, date, operator, state, phase, size, species, timeOfDay, , , cost] =
      cells
    return [
      date!,
      airport!,
      state!,
      operator!,
      aircraft!,
      phase!,
      timeOfDay!,
      species!,
      size!,
      damage!,
      cost!,
    ]
  })
  lines.sort((a, b) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0))
  return csv(
    [
      'date',
      'airport',
      'state',
      'operator',
      'aircraft',
      'phase',
      'timeOfDay',
      'species',
      'size',
      'damage',
      'cost',
    ],
    lines,
  )
}

/** Path in the checkout → content. */
export const sampleData: Readonly<Record<string, () => string>> = {
  'pipelines/flight-delays/data/flights.csv': flights,
  'pipelines/flight-delays/data/airports.csv': airports,
  'pipelines/two-cities/data/seattle.csv': () => weather('Seattle'),
  'pipelines/two-cities/data/new-york.csv': () => weather('New York'),
  'pipelines/wildlife-strikes/data/strikes.csv': strikes,
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, make] of Object.entries(sampleData)) {
    const target = path.join(checkout, name)
    mkdirSync(path.dirname(target), { recursive: true })
    writeFileSync(target, make())
  }
}
