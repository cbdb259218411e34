export type LogFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot'

const pattern = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)$/

/** Kafka's names: the offset in 20 digits. */
export function logFileName(offset: number, kind: LogFileKind): string {
  return `${String(offset).padStart(20, '0')}.${kind}`
}

export function parseLogFileName(name: string): { offset: number; kind: LogFileKind } | undefined {
  const match = pattern.exec(name)
  if (!match) return undefined
  const kind = (['log', 'index', 'timeindex', 'txnindex', 'snapshot'] as const).find(
    (known) => known === match[2],
  )
  return kind && { offset: Number(match[1]), kind }
}
