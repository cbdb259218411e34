import type { Codecs } from '../environment/index.ts'
import type { EpochStart } from './leader-epochs.ts'
import type { EndedTransaction, ProducerEntry } from './producer-state.ts'

export interface SegmentFacts {
  readonly baseOffset: number
  readonly sizeBytes: number
  /** −1 when no batch carries one. */
  readonly maxTimestampMs: number
  readonly maxTimestampOffset: number
  /** How many entries of the segment's `.txnindex` count; left out: none. */
  readonly abortedCount?: number
}

/**
 * All that is known of a log up to an offset. It is written after everything below that offset has been synced, when a segment
 * is full and when the log is closed: so the latest one is also the point from which recovery has to look.
 */
export interface LogSnapshot {
  /** Exclusive. */
  readonly offset: number
  readonly logStartOffset: number
  /** Of the last of these, the size is that up to the offset. */
  readonly segments: readonly SegmentFacts[]
  readonly leaderEpochs: readonly EpochStart[]
  readonly producers: readonly ProducerEntry[]
  /** Transactions whose markers may still be cut off; left out: none. */
  readonly endedTransactions?: readonly EndedTransaction[]
}

/** A line with the CRC-32C in hex, then JSON. */
export function encodeSnapshot(snapshot: LogSnapshot, codecs: Pick<Codecs, 'crc32c'>): Buffer {
  const body = Buffer.from(JSON.stringify(snapshot))
  return Buffer.concat([Buffer.from(`${codecs.crc32c(body).toString(16).padStart(8, '0')}\n`), body])
}

/** Undefined when the bytes are not what was written. */
export function decodeSnapshot(bytes: Buffer, codecs: Pick<Codecs, 'crc32c'>): LogSnapshot | undefined {
  const body = bytes.subarray(9)
  const crc = bytes.toString('latin1', 0, 8)
  if (bytes.length < 10 || codecs.crc32c(body).toString(16).padStart(8, '0') !== crc) return undefined
  const snapshot: LogSnapshot = JSON.parse(body.toString())
  return snapshot
}
