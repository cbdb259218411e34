export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogSink {
  write(level: LogLevel, source: string, text: string, facts?: Readonly<Record<string, unknown>>): void
}
