export type LogFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot'

const pattern = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)$/

/** Kafka's names: the offset in 20 digits. */
export function logFileName(offset: number, kind: LogFileKind): string {
  return `${String(offset).padStart(20, '0')}.${kind}`
}

/** What compaction writes: not whole yet, and whole but not in its place yet. */
export type CompactedSuffix = 'cleaned' | 'swap'

export function compactedFileName(offset: number, suffix: CompactedSuffix): string {
  return `${logFileName(offset, 'log')}.${suffix}`
}

const compactedPattern = /^(\d{20})\.log\.(cleaned|swap)$/

export function parseCompactedFileName(
  name: string,
): { offset: number; suffix: CompactedSuffix } | undefined {
  const match = compactedPattern.exec(name)
  return match ? { offset: Number(match[1]), suffix: match[2] === 'swap' ? 'swap' : 'cleaned' } : undefined
}

export function parseLogFileName(name: string): { offset: number; kind: LogFileKind } | undefined {
  const match = pattern.exec(name)
  if (!match) return undefined
  const kind = (['log', 'index', 'timeindex', 'txnindex', 'snapshot'] as const).find(
    (known) => known === match[2],
  )
  return kind && { offset: Number(match[1]), kind }
}
