import type { Codecs } from '../environment/codecs.ts'
import { BatchBuilder } from './batch-builder.ts'
import { type BatchView, batchFault } from './record-batch-header.ts'
import { RecordCursor } from './record-cursor.ts'

const markerVersion = 0
/** The `type` in the key of a control record (KIP-98). */
const markerTypes = { abort: 0, commit: 1 } as const

export type MarkerKind = keyof typeof markerTypes

export interface Marker {
  readonly kind: MarkerKind
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestampMs: number
}

/** A control batch that ends a producer's transaction in one partition. */
export function buildMarker(marker: Marker, codecs: Pick<Codecs, 'crc32c' | 'compress'>): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(markerVersion, 0)
  key.writeInt16BE(markerTypes[marker.kind], 2)
  const value = Buffer.alloc(6)
  value.writeInt16BE(markerVersion, 0)
  value.writeInt32BE(marker.coordinatorEpoch, 2)
  const builder = new BatchBuilder(128)
  builder.append(marker.timestampMs, key, value)
  const { producerId, producerEpoch } = marker
  return builder.build({ codecs, producerId, producerEpoch, isTransactional: true, isControl: true })
}

/** What a control batch says of its producer's transaction. */
export interface BatchMarker {
  readonly kind: MarkerKind
  readonly coordinatorEpoch: number
}

/** Control batches are never compressed. */
const uncompressed: Pick<Codecs, 'decompress'> = {
  decompress: () => {
    throw batchFault('CORRUPT_BATCH', 'a control batch is compressed', 0)
  },
}

/** Undefined for other control batches, and for one that compaction has emptied. @throws MillraceError CORRUPT_BATCH */
export function markerIn(batch: BatchView): BatchMarker | undefined {
  const cursor = new RecordCursor(batch, uncompressed)
  const kind = cursor.next() ? markerKindOf(cursor.key) : undefined
  const { value } = cursor
  if (kind === undefined || value === null || value.length < 6) return undefined
  return { kind, coordinatorEpoch: value.readInt32BE(2) }
}

/** What the key of a record in a control batch says; undefined for other control records, such as the quorum's. */
export function markerKindOf(key: Buffer | null): MarkerKind | undefined {
  if (key === null || key.length < 4) throw batchFault('CORRUPT_BATCH', 'a control record has no type', 0)
  const type = key.readInt16BE(2)
  if (type === markerTypes.abort) return 'abort'
  return type === markerTypes.commit ? 'commit' : undefined
}
