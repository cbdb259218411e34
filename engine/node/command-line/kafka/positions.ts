import { parseDurationMs } from '../../../base/units.ts'
import type { Clock } from '../../../environment/index.ts'
import type { Position } from '../../../host/contract.ts'
import { usage } from '../arguments.ts'

export const positionHelp =
  'beginning, end, an offset, a time such as 2026-01-31T12:00:00Z, or 10m for ten minutes ago'

/** A place in a partition, as it is given on the command line. @throws MillraceError BAD_USAGE */
export function parsePosition(command: string, option: string, text: string, clock: Clock): Position {
  if (text === 'beginning') return { at: 'start' }
  if (text === 'end') return { at: 'end' }
  if (/^\d+$/.test(text)) return { at: 'offset', offset: Number(text) }
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) {
    return { at: 'time', timestampMs: clock.nowMs() - parseDurationMs(text, `--${option}`) }
  }
  const timestampMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(timestampMs)) return { at: 'time', timestampMs }
  throw usage(command, `--${option} takes ${positionHelp}, not "${text}"`)
}
