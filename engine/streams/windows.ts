import { MillraceError } from '../base/errors.ts'
import type {
  Serde,
  SessionWindowSpec,
  SlidingWindowSpec,
  TimeWindowSpec,
  Windowed,
  WindowSpec,
} from './api.ts'
import { fixedWindowKeys, sessionKeys, type WindowKeyCodec } from './stores/window-keys.ts'

/** Windows [k·size, (k+1)·size): each record lies in one. */
export function tumbling(options: { readonly sizeMs: number; readonly graceMs?: number }): TimeWindowSpec {
  return { type: 'tumbling', sizeMs: options.sizeMs, graceMs: options.graceMs ?? 0 }
}

/** Windows of `sizeMs` that begin at every multiple of `advanceMs`: each record lies in several. */
export function hopping(options: {
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs?: number
}): TimeWindowSpec {
  const { sizeMs, advanceMs, graceMs = 0 } = options
  return { type: 'hopping', sizeMs, advanceMs, graceMs }
}

/** A window for every set of records of a key that lie at most `differenceMs` apart: [t − difference, t] and [t + 1, t + 1 + difference]. */
export function sliding(options: {
  readonly differenceMs: number
  readonly graceMs?: number
}): SlidingWindowSpec {
  return { type: 'sliding', differenceMs: options.differenceMs, graceMs: options.graceMs ?? 0 }
}

/** A window from a key's first to its last record, as long as none comes later than `gapMs` after the one before. */
export function session(options: { readonly gapMs: number; readonly graceMs?: number }): SessionWindowSpec {
  return { type: 'session', gapMs: options.gapMs, graceMs: options.graceMs ?? 0 }
}

/** What is known of a table whose keys are windows. */
export interface TableWindows {
  readonly spec: WindowSpec
  /** Of the key within the window's key. */
  readonly key: Serde<unknown>
}

/** How long after its end a window is still open. */
export function closesAfterMs(window: WindowSpec): number {
  return window.type === 'session' ? window.gapMs + window.graceMs : window.graceMs
}

/** As long as a window may get an update, and the least time for which stores keep it. */
export function retentionOf(window: WindowSpec): number {
  switch (window.type) {
    case 'session':
      return window.gapMs + window.graceMs
    case 'sliding':
      return 2 * window.differenceMs + window.graceMs
    default:
      return window.sizeMs + window.graceMs
  }
}

export function windowKeysOf(window: WindowSpec): WindowKeyCodec {
  switch (window.type) {
    case 'session':
      return sessionKeys
    case 'sliding':
      return fixedWindowKeys(window.differenceMs)
    default:
      return fixedWindowKeys(window.sizeMs)
  }
}

/** Windowed keys as bytes, in the order in which Kafka Streams keeps them. */
export function windowedKeySerde({ spec, key }: TableWindows): Serde<unknown> {
  const codec = windowKeysOf(spec)
  return {
    name: `windowed-${key.name}`,
    serialize(value) {
      const windowed = value as Windowed<unknown>
      return codec.encode(key.serialize(windowed.key), windowed)
    },
    deserialize(bytes) {
      const { key: plain, windowStartMs, windowEndMs } = codec.decode(bytes)
      return { key: key.deserialize(plain), windowStartMs, windowEndMs }
    },
  }
}

export function describeWindow(window: WindowSpec, emit: string): string {
  const span = `${window.type} ${lengthInWords(window)}`
  return `${span}, grace ${window.graceMs} ms, ${emit}`
}

function lengthInWords(window: WindowSpec): string {
  switch (window.type) {
    case 'session':
      return `gap ${window.gapMs} ms`
    case 'sliding':
      return `${window.differenceMs} ms`
    case 'hopping':
      return `${window.sizeMs} ms every ${window.advanceMs} ms`
    default:
      return `${window.sizeMs} ms`
  }
}

/** @throws MillraceError BAD_WINDOW */
export function checkWindow(window: WindowSpec, retentionMs: number | undefined, step: string): void {
  const wrong = wrongWith(window) ?? wrongRetention(window, retentionMs)
  if (wrong !== undefined) {
    throw new MillraceError({
      code: 'BAD_WINDOW',
      what: wrong,
      where: step,
      remedy: 'correct the window; sizes are whole milliseconds',
    })
  }
}

function wrongWith(window: WindowSpec): string | undefined {
  const { graceMs } = window
  if (!isAtLeast(graceMs, 0)) return `the grace is ${graceMs}, below 0`
  if (window.type === 'session') {
    return isAtLeast(window.gapMs, 0) ? undefined : `the gap is ${window.gapMs}, below 0`
  }
  if (window.type === 'sliding') {
    const { differenceMs } = window
    return isAtLeast(differenceMs, 1) ? undefined : `the time difference is ${differenceMs}, not above 0`
  }
  const { sizeMs } = window
  if (!isAtLeast(sizeMs, 1)) return `the window's size is ${sizeMs}, not above 0`
  if (window.type === 'tumbling') return undefined
  const { advanceMs } = window
  if (!isAtLeast(advanceMs, 1)) return `the advance is ${advanceMs}, not above 0`
  if (advanceMs > sizeMs) return `the advance (${advanceMs} ms) is larger than the size (${sizeMs} ms)`
  return undefined
}

function wrongRetention(window: WindowSpec, retentionMs: number | undefined): string | undefined {
  const leastMs = retentionOf(window)
  if (retentionMs === undefined || retentionMs >= leastMs) return undefined
  const parts = { session: 'gap', sliding: 'twice the time difference', tumbling: 'size', hopping: 'size' }
  return `the retention (${retentionMs} ms) is less than ${parts[window.type]} and grace (${leastMs} ms)`
}

function isAtLeast(ms: number, least: number): boolean {
  return Number.isSafeInteger(ms) && ms >= least
}
