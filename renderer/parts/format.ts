/**
 * Figures, times and sizes as the studio writes them: three significant digits with a unit, `–` for what is not known
 * (never 0), times in the person's own zone with milliseconds.
 */
export const unknown = '–'

type Maybe = number | undefined

const thousands = ['', 'k', 'M', 'G', 'T']
const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** 12 400 → `12.4k`; whole numbers below 1 000 as they are. */
export function figure(value: Maybe): string {
  if (value === undefined || !Number.isFinite(value)) return unknown
  return scaled(value, 1000, thousands, '')
}

/** Records a second: `12.4k/s`. */
export function rate(value: Maybe): string {
  return value === undefined || !Number.isFinite(value) ? unknown : `${figure(value)}/s`
}

/** `3.20 MiB`, `68 B`. */
export function bytes(value: Maybe): string {
  if (value === undefined || !Number.isFinite(value)) return unknown
  return scaled(value, 1024, sizes, ' ')
}

/** Every digit, grouped: `18,402`. */
export function whole(value: Maybe): string {
  return value === undefined ? unknown : Math.round(value).toLocaleString('en-US')
}

/** A span of time for people: `0.4 s`, `4.1 ms`, `3 min`. */
export function span(milliseconds: Maybe): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return unknown
  const size = Math.abs(milliseconds)
  if (size < 1) return `${digits3(milliseconds)} ms`
  if (size < 100) return `${digits3(Math.round(milliseconds * 10) / 10)} ms`
  if (size < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`
  if (size < 3_600_000) return `${Math.round(milliseconds / 60_000)} min`
  if (size < 48 * 3_600_000) return `${digits3(milliseconds / 3_600_000)} h`
  return `${Math.round(milliseconds / 86_400_000)} d`
}

/** How far behind: in tenths of a second, so that it keeps its width while it moves. */
export function behind(milliseconds: Maybe): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return unknown
  return Math.abs(milliseconds) < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : span(milliseconds)
}

/** `71 %`. */
export function percent(share: Maybe): string {
  return share === undefined || !Number.isFinite(share) ? unknown : `${Math.round(share * 100)} %`
}

/** Elapsed time as a clock: `00:03:12`. */
export function clock(milliseconds: Maybe): string {
  if (milliseconds === undefined) return '--:--:--'
  const seconds = Math.floor(milliseconds / 1000)
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
}

/** `12:03:01.386`, with the date in front when it is not today. */
export function timeOfDay(timestampMs: Maybe, nowMs: number): string {
  if (timestampMs === undefined || timestampMs < 0) return unknown
  const time = new Date(timestampMs)
  const ofDay = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`
  return sameDay(time, new Date(nowMs)) ? ofDay : `${day(time)} ${ofDay}`
}

/** `2026-11-23 12:03:01.386`. */
export function absoluteTime(timestampMs: Maybe): string {
  if (timestampMs === undefined || timestampMs < 0) return unknown
  const time = new Date(timestampMs)
  return `${day(time)} ${timeOfDay(timestampMs, timestampMs)}`
}

/** `just now`, `9 min ago`, `3 d ago`. */
export function ago(timestampMs: Maybe, nowMs: number): string {
  if (timestampMs === undefined) return unknown
  const passed = Math.max(0, nowMs - timestampMs)
  if (passed < 10_000) return 'just now'
  if (passed < 60_000) return `${Math.round(passed / 1000)} s ago`
  if (passed < 3_600_000) return `${Math.round(passed / 60_000)} min ago`
  return passed < 48 * 3_600_000
    ? `${Math.round(passed / 3_600_000)} h ago`
    : `${Math.round(passed / 86_400_000)} d ago`
}

/** `1 record`, `1,204 records`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`
}

function scaled(value: number, base: number, units: readonly string[], gap: string): string {
  let unit = 0
  let rest = value
  while (Math.abs(rest) >= base - base / 2000 && unit < units.length - 1) {
    rest /= base
    unit++
  }
  if (unit === 0)
    return `${Number.isInteger(rest) ? rest : digits3(rest)}${units[0] === '' ? '' : gap + units[0]}`
  return `${digits3(rest)}${gap}${units[unit]}`
}

/** Three significant digits, trailing zeros kept, so that a figure keeps its width. */
function digits3(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 100) return value.toFixed(0)
  return value.toFixed(size >= 10 ? 1 : 2)
}

const two = (value: number) => String(value).padStart(2, '0')
const day = (time: Date) => `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
const sameDay = (a: Date, b: Date) => day(a) === day(b)
