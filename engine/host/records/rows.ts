import type { ConsumerRecord } from '../../client/api.ts'
import { decodeForPeople } from '../../formats/index.ts'
import type { Decoded, RecordRow } from '../contract.ts'

export const textMaxDefault = 2000

/** A record as the inspector shows it: decoded, texts cut at `textMax` characters. */
export function rowOf(record: ConsumerRecord, textMax = textMaxDefault): RecordRow {
  return {
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    key: decode(record.key, textMax),
    value: decode(record.value, textMax),
    headers: record.headers.map(({ key, value }) => ({ key, value: decode(value, textMax) })),
    sizeBytes: record.sizeBytes,
  }
}

function decode(bytes: Uint8Array | null, textMax: number): Decoded {
  if (bytes === null) return { format: 'null', text: '', cut: false }
  const { format, text } = decodeForPeople(bytes)
  return text.length > textMax
    ? { format, text: text.slice(0, textMax), cut: true }
    : { format, text, cut: false }
}

/** Whether the text, in any case, stands in the record's key, value or headers. An empty text stands everywhere. */
export function matcher(text: string): (record: ConsumerRecord) => boolean {
  const wanted = text.toLowerCase()
  if (wanted === '') return () => true
  const has = (bytes: Uint8Array | null) =>
    bytes !== null && decodeForPeople(bytes).text.toLowerCase().includes(wanted)
  return (record) =>
    has(record.value) ||
    has(record.key) ||
    record.headers.some((header) => header.key.toLowerCase().includes(wanted) || has(header.value))
}

/**
 * Records of several partitions as one list: always the partition whose next record is oldest, so that each partition's
 * order is kept and what happened together stands together.
 */
export function mergedByTime(partitions: readonly (readonly RecordRow[])[]): RecordRow[] {
  const heads = partitions.map(() => 0)
  const merged: RecordRow[] = []
  for (;;) {
    let chosen = -1
    partitions.forEach((rows, index) => {
      const row = rows[heads[index]!]
      const best = chosen < 0 ? undefined : partitions[chosen]![heads[chosen]!]
      if (row && (!best || row.timestampMs < best.timestampMs)) chosen = index
    })
    if (chosen < 0) return merged
    merged.push(partitions[chosen]![heads[chosen]!]!)
    heads[chosen] = heads[chosen]! + 1
  }
}
