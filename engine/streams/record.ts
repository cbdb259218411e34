import type { Header } from '../client/api.ts'
import type { Headers, StreamRecord } from './api.ts'

export const noHeaders: Headers = []

/** All records are made here, with the same hidden class: the hot path stays monomorphic. */
export function makeRecord<K, V>(
  key: K,
  value: V,
  timestampMs: number,
  headers: Headers,
): StreamRecord<K, V> {
  return { key, value, timestampMs, headers }
}

/** What flows behind a table: a row's new and old value; null is absence. */
export class Change {
  readonly newValue: unknown
  /** Undefined when it is not known. */
  readonly oldValue: unknown
  /** False for a version of a row that lies before a later one (KIP-914). */
  readonly isLatest: boolean

  constructor(newValue: unknown, oldValue: unknown, isLatest = true) {
    this.newValue = newValue
    this.oldValue = oldValue
    this.isLatest = isLatest
  }
}

/**
 * What feeds write beside a record: its number within the partition, and how far its source had been read. They say nothing of
 * the record itself, and end with the topic that the feed writes to: steps do not see them, and what they make has none.
 */
export const feedHeaderNames = { number: 'millrace-number', position: 'millrace-position' } as const

export function fromWireHeaders(headers: readonly Header[]): Headers {
  if (headers.length === 0) return noHeaders
  const own: (readonly [string, Uint8Array | null])[] = []
  for (const { key, value } of headers) {
    if (key !== feedHeaderNames.number && key !== feedHeaderNames.position) own.push([key, value])
  }
  return own.length === 0 ? noHeaders : own
}

export function toWireHeaders(headers: Headers): readonly Header[] {
  if (headers.length === 0) return noWireHeaders
  return headers.map(([key, value]) => ({ key, value }))
}

const noWireHeaders: readonly Header[] = []
