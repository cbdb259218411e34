import type { LogLevel, LogSink } from '../environment/index.ts'
import { logText } from '../runner/forward-log.ts'

export interface LogEntry {
  readonly sequence: number
  readonly timeMs: number
  readonly level: LogLevel
  readonly source: string
  readonly text: string
}

export interface LogRing {
  readonly sink: LogSink
  /** Entries with a greater sequence number, oldest first. */
  after(sequence: number): LogEntry[]
}

const entriesMax = 2000
const textMax = 4000

/** The last entries of the engine's log, for the studio's log panel. Debug entries are left out. */
export function createLogRing(nowMs: () => number): LogRing {
  let entries: LogEntry[] = []
  let sequence = 0
  return {
    sink: {
      write(level, source, text, facts) {
        if (level === 'debug') return
        const whole = logText(text, facts)
        entries.push({ sequence: ++sequence, timeMs: nowMs(), level, source, text: whole.slice(0, textMax) })
        if (entries.length > entriesMax * 2) entries = entries.slice(-entriesMax)
      },
    },
    after: (after) => entries.filter((entry) => entry.sequence > after).slice(-entriesMax),
  }
}
