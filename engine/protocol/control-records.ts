import type { Codecs } from '../environment/codecs.ts'
import { BatchBuilder } from './batch-builder.ts'
import { batchFault } from './record-batch-header.ts'

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

/** What the key of a record in a control batch says; undefined for other control records, such as the quorum's. */
export function markerKindOf(key: Buffer | null): MarkerKind | undefined {
  if (key === null || key.length < 4) throw batchFault('CORRUPT_BATCH', 'a control record has no type', 0)
  const type = key.readInt16BE(2)
  if (type === markerTypes.abort) return 'abort'
  return type === markerTypes.commit ? 'commit' : undefined
}
