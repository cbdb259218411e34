/** What the samples give, worked out from their files alone, without the engine. Keys of maps are JSON. */
import { csvRows, sampleText } from './sample-files.ts'

const dayMs = 86_400_000

export const windowKey = (key: string, windowStartMs: number, sizeMs: number) =>
  JSON.stringify({ key, windowStartMs, windowEndMs: windowStartMs + sizeMs })

export interface Delays {
  readonly flights: number
  readonly avgDelay: number
  readonly worstDelay: number
}

/** Flight delays: by airport and day. */
export function delaysByAirport(): Map<string, Delays> {
  const groups = new Map<string, number[]>()
  for (const { origin, atMs, delay } of lateFlights()) {
    const key = windowKey(origin, Math.floor(atMs / dayMs) * dayMs, dayMs)
    groups.set(key, [...(groups.get(key) ?? []), delay])
  }
  return new Map(
    [...groups].map(([key, delays]) => [
      key,
      {
        flights: delays.length,
        avgDelay: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
        worstDelay: Math.max(...delays),
      },
    ]),
  )
}

export interface Alert {
  readonly origin: string
  readonly destination: string
  readonly city: string | null
  readonly delay: number
  readonly level: string
  readonly count: number
}

/** Flight delays: in order of the flights. */
export function alerts(): Alert[] {
  const airports = airportsByCode()
  const seen = new Map<string, number>()
  return lateFlights()
    .filter(({ delay }) => delay >= 45)
    .map(({ origin, destination, delay }) => {
      const count = (seen.get(origin) ?? 0) + 1
      seen.set(origin, count)
      const level = delay >= 180 ? 'severe' : count > 20 ? 'high' : 'normal'
      const city = airports.get(origin)!.city || null
      return { origin, destination, city, delay, level, count }
    })
}

function lateFlights() {
  const airports = airportsByCode()
  return csvRows(sampleText('flight-delays', 'data/flights.csv'))
    .filter((flight) => Number(flight.delay) >= 15 && airports.has(flight.origin!))
    .map(({ at, origin, destination, delay }) => ({
      origin: origin!,
      destination: destination!,
      atMs: Date.parse(at!),
      delay: Number(delay),
    }))
}

const airportsByCode = () =>
  new Map(csvRows(sampleText('flight-delays', 'data/airports.csv')).map((row) => [row.iata!, row]))

/** Two cities: the days on which one was warmer, in order. */
export function warmerCities() {
  const newYork = new Map(
    csvRows(sampleText('two-cities', 'data/new-york.csv')).map((row) => [row.date, row]),
  )
  return csvRows(sampleText('two-cities', 'data/seattle.csv')).flatMap((seattle) => {
    const other = newYork.get(seattle.date)
    // In tenths of a degree: whole numbers have no rounding to agree about.
    const tenths = other ? Math.round(Number(seattle.high) * 10) - Math.round(Number(other.high) * 10) : 0
    if (!other || tenths === 0) return []
    return [
      {
        topic: tenths > 0 ? 'seattle-warmer' : 'new-york-warmer',
        key: seattle.date!,
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
}

const strikes = () => csvRows(sampleText('wildlife-strikes', 'data/strikes.csv'))
const damaged = () => strikes().filter(({ damage }) => damage !== 'None')

/** Wildlife strikes: rows of the file, in order. */
export function damageReports(): Record<string, string | undefined>[] {
  const columns = ['date', 'airport', 'aircraft', 'species', 'damage', 'cost']
  return damaged().map((strike) => Object.fromEntries(columns.map((name) => [name, strike[name]])))
}

export interface Bill {
  readonly key: string
  readonly cost: number
}

/** Wildlife strikes: by species and by state. The inspections are the generator's, so they are given. */
export function wildlifeCosts(inspections: readonly Bill[]) {
  const bills = [
    ...damaged().flatMap(({ species, state, cost }) => [
      { key: `species: ${species}`, cost: Number(cost) },
      { key: `state: ${state}`, cost: Number(cost) },
    ]),
    ...inspections,
  ]
  const costs = new Map<string, { bills: number; total: number; highest: number }>()
  for (const { key, cost } of bills) {
    const row = costs.get(JSON.stringify(key)) ?? { bills: 0, total: 0, highest: 0 }
    costs.set(JSON.stringify(key), {
      bills: row.bills + 1,
      total: row.total + cost,
      highest: Math.max(row.highest, cost),
    })
  }
  return costs
}

/** Wildlife strikes: each counts in all of the quarters that its day lies in. */
export function harmlessStrikes(): Map<string, { strikes: number }> {
  const sizeMs = 90 * dayMs
  const advanceMs = 30 * dayMs
  const counts = new Map<string, { strikes: number }>()
  for (const { date, state } of strikes().filter(({ damage }) => damage === 'None')) {
    const atMs = Date.parse(`${date}T00:00:00Z`)
    for (let start = Math.floor(atMs / advanceMs) * advanceMs; start > atMs - sizeMs; start -= advanceMs) {
      const key = windowKey(state!, start, sizeMs)
      counts.set(key, { strikes: (counts.get(key)?.strikes ?? 0) + 1 })
    }
  }
  return counts
}
