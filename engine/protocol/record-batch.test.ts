import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../base/errors.ts'
import type { CompressionName } from '../environment/codecs.ts'
import { nodeCodecs as codecs } from '../node/environment/codecs.ts'
import { BatchBuilder, recordBytesMax } from './batch-builder.ts'
import { checkProducedBatch, splitBatches, validateBatch } from './record-batch.ts'
import { BatchView } from './record-batch-header.ts'
import { RecordCursor, type RecordHeader } from './record-cursor.ts'

const compressions: CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const blob = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
const anyRecord = fc.record({
  timestampMs: fc.oneof(
    fc.integer({ min: 1_700_000_000_000, max: 1_700_100_000_000 }),
    fc.integer({ min: -1, max: 2 ** 52 }),
  ),
  key: fc.option(blob),
  value: fc.option(blob),
  headers: fc.array(
    fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 10 }), value: fc.option(blob) }),
    { maxLength: 3 },
  ),
})
interface AnyRecord {
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeader[]
}

function built(records: AnyRecord[], compression: CompressionName): Buffer {
  const builder = new BatchBuilder(64)
  for (const record of records) builder.append(record.timestampMs, record.key, record.value, record.headers)
  return builder.build({ codecs, compression })
}

function read(batch: BatchView): (AnyRecord & { offset: number })[] {
  const records: (AnyRecord & { offset: number })[] = []
  const cursor = new RecordCursor(batch, codecs)
  while (cursor.next()) {
    const { offset, timestampMs, key, value } = cursor
    records.push({ offset, timestampMs, key, value, headers: cursor.headers() })
  }
  return records
}

const small = () => {
  const builder = new BatchBuilder()
  for (let index = 0; index < 3; index++)
    builder.append(1000 + index, Buffer.from('key'), Buffer.from(`value ${index}`))
  return builder
}

describe.each(compressions)('a batch compressed with %s', (compression) => {
  it('gives back any records in order, with consecutive offsets', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), (records) => {
        const bytes = built(records, compression)
        const batch = validateBatch(bytes, 0, codecs)
        checkProducedBatch(batch)
        batch.setBaseOffset(500)
        expect(read(batch)).toEqual(records.map((record, index) => ({ offset: 500 + index, ...record })))
        expect(batch.maxTimestampMs).toBe(Math.max(...records.map((record) => record.timestampMs)))
      }),
      { numRuns: 40 },
    )
  })

  it('is refused when any one bit behind the base offset and leader epoch is flipped', () => {
    const original = small().build({ codecs, compression })
    for (let bit = 8 * 8; bit < original.length * 8; bit++) {
      const isLeaderEpoch = bit >= 12 * 8 && bit < 16 * 8
      if (isLeaderEpoch) continue
      const bytes = Buffer.from(original)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => validateBatch(bytes, 0, codecs), `bit ${bit}`).toThrow()
    }
  })

  it('with a valid CRC over nonsense is corrupt when its records are read, and nothing worse', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1 }), (edits) => {
        const bytes = small().build({ codecs, compression })
        for (const [position, byte] of edits) bytes[61 + (position % (bytes.length - 61))] = byte
        const batch = new BatchView(bytes)
        batch.setProducer({ producerId: -1, producerEpoch: -1, baseSequence: -1 }, codecs)
        try {
          read(validateBatch(bytes, 0, codecs))
        } catch (thrown) {
          if (!isMillraceError(thrown, 'CORRUPT_BATCH')) throw thrown
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('a batch builder', () => {
  it('copies records from a cursor unchanged, under new offsets', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 10 }), (records) => {
        const builder = new BatchBuilder(64)
        const cursor = new RecordCursor(new BatchView(built(records, 'none')), codecs)
        while (cursor.next()) builder.appendFrom(cursor)
        expect(builder.build({ codecs }).equals(built(records, 'none'))).toBe(true)
      }),
    )
  })

  it('knows its size, and how much a record adds at most', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 10 }), (records) => {
        const builder = new BatchBuilder(64)
        for (const { timestampMs, key, value, headers } of records) {
          const before = builder.sizeBytes
          const after = builder.append(timestampMs, key, value, headers)
          expect(after - before).toBeLessThanOrEqual(recordBytesMax(key, value, headers))
        }
        expect(builder.build({ codecs })).toHaveLength(builder.sizeBytes)
      }),
    )
  })
})

describe('a producer', () => {
  const refusal = (change: (bytes: Buffer) => void, code = 'INVALID_RECORD') => {
    const bytes = small().build({ codecs, producerId: 5, producerEpoch: 0, baseSequence: 0 })
    change(bytes)
    bytes.writeUInt32BE(codecs.crc32c(bytes.subarray(21)), 17)
    expect(() => checkProducedBatch(validateBatch(bytes, 0, codecs))).toThrow(
      expect.objectContaining({ code }),
    )
  }

  it('may not write control batches, gaps, empty batches, or an id without a sequence', () => {
    refusal((bytes) => bytes.writeInt16BE(0x20, 21))
    refusal((bytes) => bytes.writeInt32BE(5, 23))
    refusal((bytes) => bytes.writeInt32BE(2, 57))
    refusal((bytes) => bytes.writeInt32BE(-1, 53))
    refusal((bytes) => bytes.writeBigInt64BE(2n ** 60n, 35))
    refusal((bytes) => bytes.writeInt32BE(-1, 57), 'CORRUPT_BATCH')
    refusal((bytes) => bytes.writeInt32BE(9, 57), 'CORRUPT_BATCH')
    refusal((bytes) => bytes.writeInt8(1, 16), 'UNSUPPORTED_RECORD_FORMAT')
  })

  it('has sequences that wrap to zero after the greatest int32', () => {
    const bytes = small().build({ codecs, producerId: 5, producerEpoch: 0, baseSequence: 0x7ffffffe })
    expect(new BatchView(bytes).lastSequence).toBe(0)
  })
})

describe('batches one after the other', () => {
  it('are found up to the first that is cut off', () => {
    const one = small().build({ codecs })
    const stream = Buffer.concat([one, one, one])
    for (let length = 0; length <= stream.length; length++) {
      const found = [...splitBatches(stream.subarray(0, length))].length
      expect(found).toBe(Math.floor(length / one.length))
    }
  })

  it('are corrupt where something else lies between them', () => {
    const one = small().build({ codecs })
    const stream = Buffer.concat([one, Buffer.alloc(80)])
    expect(() => [...splitBatches(stream)]).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_RECORD_FORMAT' }),
    )
    stream.fill(0xff, one.length)
    expect(() => [...splitBatches(stream)]).toThrow(expect.objectContaining({ code: 'CORRUPT_BATCH' }))
  })
})
