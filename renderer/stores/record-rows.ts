import type { RecordRow } from '../../engine/host/contract.ts'

/** `partition-offset`: what a row is known by. */
export function rowKey(row: RecordRow): string
export function rowKey(row: RecordRow | undefined): string | undefined
export function rowKey(row: RecordRow | undefined): string | undefined {
  return row && `${row.partition}-${row.offset}`
}

/** Several partitions as one list: always the head with the lowest time next, so that each partition's order is kept. */
export function mergeByTime(pages: readonly (readonly RecordRow[])[]): RecordRow[] {
  const heads = pages.map(() => 0)
  const merged: RecordRow[] = []
  for (;;) {
    let best = -1
    for (let i = 0; i < pages.length; i++) {
      const head = pages[i]![heads[i]!]
      const other = best < 0 ? undefined : pages[best]![heads[best]!]
      if (head && (!other || head.timestampMs < other.timestampMs)) best = i
    }
    if (best < 0) return merged
    merged.push(pages[best]![heads[best]!]!)
    heads[best]!++
  }
}

/** A field by path (`value.airport.size`, `key`, `headers.trace`), as a text for a cell. */
export function fieldText(row: RecordRow, path: string): string {
  const [root, ...rest] = path.split('.')
  if (root === 'headers') return row.headers.find((header) => header.key === rest.join('.'))?.value.text ?? ''
  const decoded = root === 'key' ? row.key : row.value
  const parts = root === 'key' || root === 'value' ? rest : [root!, ...rest]
  let value: unknown = parse(decoded.text)
  for (const part of parts) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined
  }
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** JSON where it is JSON; the text itself where it is not, or was cut. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
