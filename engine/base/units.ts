import { MillraceError } from './errors.ts'

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `500ms`, `10s`, `5m`, `2h`, `1d` in milliseconds. @throws MillraceError BAD_DURATION */
export function parseDurationMs(text: string, where?: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(text.trim())
  const factor = match ? unitsMs[match[2]!] : undefined
  if (!match || factor === undefined) {
    throw new MillraceError({
      code: 'BAD_DURATION',
      what: `"${text}" is not a duration`,
      where,
      remedy: 'write a number with a unit, such as 500ms, 10s or 5m',
    })
  }
  return Math.round(Number(match[1]) * factor)
}
