import type { ConsumerRecord } from '../client/api.ts'
import { numberHeader } from '../nodes/feed-position.ts'

/** The number that a feed gave the record within its partition; undefined for records that no feed has written. */
export function numberOf(record: ConsumerRecord): number | undefined {
  for (const { key, value } of record.headers) {
    if (key !== numberHeader || value === null) continue
    const number = Number(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'))
    return Number.isSafeInteger(number) ? number : undefined
  }
  return undefined
}
