/** Medians and spreads of repeated measurements, and how they are printed. */
export interface Series {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function series(values: readonly number[]): Series {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted[sorted.length - 1]! }
}

/** Three significant digits with a unit prefix: `412k`, `1.03M`. */
export function short(value: number): string {
  const [factor, prefix] = value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, '']
  return `${Number((value / factor).toPrecision(3))}${prefix}`
}

export function spread({ median, min, max }: Series, unit: string): string {
  return `${short(median)} ${unit} (${short(min)} … ${short(max)})`
}
