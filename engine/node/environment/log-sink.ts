import { inspect } from 'node:util'
import type { LogLevel, LogSink } from '../../environment/index.ts'

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

export type WriteLine = (line: string, level: LogLevel) => void

/** One line per entry: time, level, source, text, facts. */
export function createLineLog(levelMin: LogLevel, writeLine: WriteLine): LogSink {
  return {
    write(level, source, text, facts) {
      if (ranks[level] < ranks[levelMin]) return
      const tail =
        facts === undefined ? '' : ` ${inspect(facts, { breakLength: Number.POSITIVE_INFINITY, depth: 4 })}`
      writeLine(`${new Date().toISOString()} ${level.padEnd(5)} ${source}: ${text}${tail}`, level)
    },
  }
}

export const writeLineToStandardError: WriteLine = (line) => void process.stderr.write(`${line}\n`)
