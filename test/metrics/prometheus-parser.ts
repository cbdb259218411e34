/** Reads Prometheus' text format (0.0.4) to the letter: whatever a scraper might refuse, or take for something else, is an error. */
export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Scraped {
  readonly types: ReadonlyMap<string, string>
  readonly series: readonly Series[]
  /** The one series with this name and, among others, these labels. */
  one(name: string, labels?: Readonly<Record<string, string>>): number
  sum(name: string, labels?: Readonly<Record<string, string>>): number
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)$/
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/
const number = /^(?:[+-]?(?:\d+(?:\.\d+)?)(?:e[+-]?\d+)?|NaN|\+Inf|-Inf)$/

export function parsePrometheus(text: string): Scraped {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end')
  const types = new Map<string, string>()
  const series: Series[] = []
  const seen = new Set<string>()
  let family: string | undefined
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('# TYPE ')) {
      family = typeOf(line, types)
      continue
    }
    const one = sampleOf(line)
    if (one.name !== family) throw new Error(`${one.name} stands outside of its family`)
    const identity = JSON.stringify([one.name, Object.entries(one.labels).sort()])
    if (seen.has(identity)) throw new Error(`twice: ${identity}`)
    seen.add(identity)
    if (types.get(one.name) === 'counter' && !(one.value >= 0)) throw new Error(`a counter: ${line}`)
    series.push(one)
  }
  return { types, series, ...lookups(series) }
}

function typeOf(line: string, types: Map<string, string>): string {
  const [, , name, type, ...rest] = line.split(' ')
  if (!metricName.test(name ?? '') || rest.length > 0) throw new Error(`no name: ${line}`)
  if (type !== 'counter' && type !== 'gauge') throw new Error(`no type: ${line}`)
  if (types.has(name!)) throw new Error(`the family ${name} comes twice`)
  types.set(name!, type)
  return name!
}

function sampleOf(line: string): Series {
  const [, name, labelText = '', value] = sampleLine.exec(line) ?? []
  if (name === undefined || value === undefined || !number.test(value)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  for (let rest = labelText; rest !== ''; ) {
    const [whole, key, text, comma] = labelPair.exec(rest) ?? []
    if (whole === undefined || key === undefined || text === undefined) throw new Error(`labels: ${line}`)
    if (key in labels || (comma === ',' && whole.length === rest.length)) throw new Error(`labels: ${line}`)
    labels[key] = text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    rest = rest.slice(whole.length)
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

function lookups(series: readonly Series[]) {
  const find = (name: string, labels: Readonly<Record<string, string>>) =>
    series.filter(
      (each) =>
        each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
    )
  return {
    one(name: string, labels = {}) {
      const found = find(name, labels)
      if (found.length !== 1) throw new Error(`${found.length} series ${name} ${JSON.stringify(labels)}`)
      return found[0]!.value
    },
    sum: (name: string, labels = {}) => find(name, labels).reduce((sum, { value }) => sum + value, 0),
  }
}
