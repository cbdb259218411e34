import { describe, expect, it } from 'vitest'
import type { CompressionName } from '../../engine/environment/codecs.ts'
import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { buildMarker, markerKindOf } from '../../engine/protocol/control-records.ts'
import { splitBatches, validateBatch } from '../../engine/protocol/record-batch.ts'
import type { BatchView } from '../../engine/protocol/record-batch-header.ts'
import { RecordCursor } from '../../engine/protocol/record-cursor.ts'
import { readGolden } from './golden-data.ts'

interface GoldenBatch {
  readonly name: string
  readonly header: {
    readonly baseOffset: number
    readonly compression: CompressionName
    readonly timestampType: 'create' | 'log-append'
    readonly isTransactional: boolean
    readonly maxTimestampMs: number
    readonly producerId: number
    readonly producerEpoch: number
    readonly baseSequence: number
    readonly leaderEpoch: number
  }
  /** Offset, timestamp, key and value as hex, headers likewise. */
  readonly records: [number, number, string | null, string | null, [string, string | null][]][]
  readonly hex: string
}

const batches = readGolden<GoldenBatch[]>('record-batches.golden.json')
const hex = (bytes: Buffer | null) => bytes?.toString('hex') ?? null
const unhex = (text: string | null) => (text === null ? null : Buffer.from(text, 'hex'))

function decoded(batch: BatchView): GoldenBatch['records'] {
  const records: GoldenBatch['records'] = []
  const cursor = new RecordCursor(batch, nodeCodecs)
  while (cursor.next()) {
    const headers = cursor.headers().map(({ key, value }): [string, string | null] => [key, hex(value)])
    expect(cursor.headerCount).toBe(headers.length)
    records.push([cursor.offset, cursor.timestampMs, hex(cursor.key), hex(cursor.value), headers])
  }
  return records
}

function rebuilt(golden: GoldenBatch, compression = golden.header.compression): Buffer {
  const builder = new BatchBuilder(100)
  for (const [, timestampMs, key, value, headers] of golden.records) {
    const pairs = headers.map(([name, content]) => ({ key: name, value: unhex(content) }))
    builder.append(timestampMs, unhex(key), unhex(value), pairs)
  }
  return builder.build({ codecs: nodeCodecs, ...golden.header, compression })
}

describe.each(batches)("Kafka's batch: $name", (golden) => {
  const bytes = Buffer.from(golden.hex, 'hex')

  it('is found, is valid, and reads as Kafka reads it', () => {
    const found = [...splitBatches(Buffer.concat([bytes, bytes]))]
    expect(found.map((batch) => batch.position)).toEqual([0, bytes.length])
    const batch = validateBatch(bytes, 0, nodeCodecs)
    expect(batch).toMatchObject(golden.header)
    expect(decoded(batch)).toEqual(golden.records)
  })

  it('is rebuilt from its records', () => {
    const again = validateBatch(rebuilt(golden), 0, nodeCodecs)
    expect(decoded(again)).toEqual(golden.records)
  })
})

describe('uncompressed batches', () => {
  it.each(batches.filter(({ name }) => name.startsWith('none') && !name.includes('log append')))(
    'are rebuilt to the same bytes: $name',
    (golden) => expect(rebuilt(golden).toString('hex')).toBe(golden.hex),
  )

  it('become those of a topic with LogAppendTime by patching', () => {
    const golden = batches.find(({ name }) => name === 'none: log append time')!
    const original = Buffer.from(golden.hex, 'hex')
    const patched = Buffer.from(original)
    const batch = validateBatch(patched, 0, nodeCodecs)
    batch.setLogAppendTime(1_800_000_000_000, nodeCodecs)
    batch.setBaseOffset(77)
    batch.setLeaderEpoch(5)
    expect(validateBatch(patched, 0, nodeCodecs)).toMatchObject({ baseOffset: 77, leaderEpoch: 5 })
    expect(decoded(batch).map(([offset, timestampMs]) => [offset, timestampMs])).toEqual(
      golden.records.map((_, index) => [77 + index, 1_800_000_000_000]),
    )
    batch.setLogAppendTime(golden.header.maxTimestampMs, nodeCodecs)
    batch.setBaseOffset(golden.header.baseOffset)
    batch.setLeaderEpoch(golden.header.leaderEpoch)
    expect(patched.equals(original)).toBe(true)
  })
})

describe('transaction markers', () => {
  it.each(['commit', 'abort'] as const)("are byte for byte Kafka's: %s", (kind) => {
    const golden = batches.find(({ name }) => name === `marker: ${kind}`)!
    const marker = buildMarker(
      { kind, producerId: 4711, producerEpoch: 3, coordinatorEpoch: 12, timestampMs: 1_700_000_000_123 },
      nodeCodecs,
    )
    const batch = validateBatch(marker, 0, nodeCodecs)
    batch.setBaseOffset(41)
    batch.setLeaderEpoch(6)
    expect(marker.toString('hex')).toBe(golden.hex)
    const cursor = new RecordCursor(batch, nodeCodecs)
    expect(cursor.next()).toBe(true)
    expect(markerKindOf(cursor.key)).toBe(kind)
  })
})
