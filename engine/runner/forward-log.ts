import type { Environment, LogLevel } from '../environment/index.ts'

/** A log entry on its way from a thread or process of ours to the host. */
export interface ForwardedLog {
  readonly kind: 'log'
  readonly level: LogLevel
  readonly source: string
  readonly text: string
}

/** The same environment, whose log goes to whoever started this worker. Debug entries stay here. */
export function forwardingLog(environment: Environment, post: (entry: ForwardedLog) => void): Environment {
  return {
    ...environment,
    log: {
      write(level, source, text, facts) {
        if (level !== 'debug') post({ kind: 'log', level, source, text: logText(text, facts) })
      },
    },
  }
}

/** The entry and its facts as one text. */
export function logText(text: string, facts: Readonly<Record<string, unknown>> | undefined): string {
  if (facts === undefined) return text
  const parts = Object.entries(facts).map(([name, value]) => `${name}=${factText(value)}`)
  return `${text} ${parts.join(' ')}`
}

function factText(value: unknown): string {
  if (value instanceof Error) return value.message
  if (typeof value !== 'object') return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return '[not printable]' // refers to itself
  }
}
