import type { ConsumerRecord, Header } from '../client/api.ts'

/**
 * Every record of a feed carries its number within its partition, from 1 without gaps: what makes loss and duplicates
 * visible to whoever reads the topic. Decimal text, so that people can read it too.
 */
export const numberHeader = 'millrace-number'

export function numberHeaderOf(number: number): Header {
  return { key: numberHeader, value: Buffer.from(String(number), 'latin1') }
}

/** Undefined for records that no feed has written. */
export function numberOf(record: ConsumerRecord): number | undefined {
  for (const { key, value } of record.headers) {
    if (key !== numberHeader || value === null) continue
    const number = Number(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'))
    return Number.isSafeInteger(number) ? number : undefined
  }
  return undefined
}
