/** Durations in forms: a number and a unit, stored in milliseconds. */
export const durationUnits = [
  { name: 'ms', ms: 1 },
  { name: 's', ms: 1000 },
  { name: 'min', ms: 60_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'd', ms: 86_400_000 },
] as const

export type DurationUnit = (typeof durationUnits)[number]['name']

const spellings: Readonly<Record<string, DurationUnit>> = {
  m: 'min',
  sec: 's',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
}

/** In the largest unit that gives a whole number. */
export function durationParts(milliseconds: number | undefined): {
  readonly text: string
  readonly unit: DurationUnit
} {
  if (milliseconds === undefined) return { text: '', unit: 's' }
  if (milliseconds === 0) return { text: '0', unit: 's' }
  const unit = durationUnits.findLast((other) => milliseconds % other.ms === 0) ?? durationUnits[0]
  return { text: String(milliseconds / unit.ms), unit: unit.name }
}

/** `10` in the given unit, or `90s`, `1 min` in their own. Undefined for what is no duration. */
export function parseDuration(text: string, unit: DurationUnit): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  if (!match) return undefined
  const word = match[2]!.toLowerCase()
  const name = word === '' ? unit : (spellings[word] ?? word)
  const found = durationUnits.find((other) => other.name === name)
  return found && Math.round(Number(match[1]) * found.ms)
}
