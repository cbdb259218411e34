import { MillraceError } from './errors.ts'

const durationUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const sizeUnits: Record<string, number> = {
  B: 1,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** `500ms`, `10s`, `5m`, `2h`, `1d` in milliseconds. @throws MillraceError BAD_DURATION */
export function parseDurationMs(text: string, where?: string): number {
  return parse(text, durationUnits, {
    code: 'BAD_DURATION',
    what: `"${text}" is not a duration`,
    where,
    remedy: 'write a number with a unit, such as 500ms, 10s or 5m',
  })
}

/** `64KiB`, `10MB`, `512B` in bytes. @throws MillraceError BAD_SIZE */
export function parseSizeBytes(text: string, where?: string): number {
  return parse(text, sizeUnits, {
    code: 'BAD_SIZE',
    what: `"${text}" is not a size`,
    where,
    remedy: 'write a number with a unit, such as 64KiB or 10MB',
  })
}

function parse(
  text: string,
  units: Record<string, number>,
  error: ConstructorParameters<typeof MillraceError>[0],
): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim())
  const factor = match ? units[match[2]!] : undefined
  if (!match || factor === undefined) throw new MillraceError(error)
  return Math.round(Number(match[1]) * factor)
}
