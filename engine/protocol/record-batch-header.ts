import { MillraceError } from '../base/errors.ts'
import type { Codecs, CompressionName } from '../environment/codecs.ts'

/** Bytes before the first record of a batch of magic 2. */
export const batchHeaderBytes = 61
/** Base offset and length, which the length itself does not count. */
export const batchPrefixBytes = 12

/** Where the fields lie (KIP-98). CRC-32C covers everything from the attributes on. */
const at = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const

const compressionMask = 0b111
const bits = { logAppendTime: 1 << 3, transactional: 1 << 4, control: 1 << 5, deleteHorizon: 1 << 6 } as const
/** In the order of their ids in the attributes. */
const compressionNames: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** A batch that is not what it must be. `code` tells how; `details.position` where in the buffer it starts. */
export function batchFault(
  code: 'CORRUPT_BATCH' | 'UNSUPPORTED_RECORD_FORMAT' | 'INVALID_RECORD',
  what: string,
  position: number,
  cause?: unknown,
): MillraceError {
  return new MillraceError({ code, what, where: `byte ${position}`, details: { position }, cause })
}

/**
 * A record batch of magic 2 where it lies: reads and patches header fields without touching a record. It only needs
 * the header's 61 bytes to be in the buffer, but for `bytes` and what computes the CRC, which need the whole batch.
 * Nothing is checked here: see `validateBatch`.
 */
export class BatchView {
  readonly buffer: Buffer
  /** Where in the buffer the batch starts. */
  readonly position: number

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  /** The whole batch as a view. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.position, this.position + this.sizeBytes)
  }

  get sizeBytes(): number {
    return this.buffer.readInt32BE(this.position + at.batchLength) + batchPrefixBytes
  }

  get baseOffset(): number {
    return int64(this.buffer, this.position + at.baseOffset)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  /** The offset after the last one. */
  get nextOffset(): number {
    return this.lastOffset + 1
  }

  /** The epoch of the leader that appended it; −1 before that. */
  get leaderEpoch(): number {
    return this.buffer.readInt32BE(this.position + at.leaderEpoch)
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + at.magic)
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.position + at.crc)
  }

  get attributes(): number {
    return this.buffer.readInt16BE(this.position + at.attributes)
  }

  /** @throws MillraceError CORRUPT_BATCH for an id without a codec */
  get compression(): CompressionName {
    const id = this.attributes & compressionMask
    const name = compressionNames[id]
    if (name === undefined) throw batchFault('CORRUPT_BATCH', `no codec has the id ${id}`, this.position)
    return name
  }

  get timestampType(): 'create' | 'log-append' {
    return (this.attributes & bits.logAppendTime) === 0 ? 'create' : 'log-append'
  }

  get isTransactional(): boolean {
    return (this.attributes & bits.transactional) !== 0
  }

  /** It holds a marker of a transaction or of the quorum, not users' records. */
  get isControl(): boolean {
    return (this.attributes & bits.control) !== 0
  }

  /** Its base timestamp is the time from which tombstones and markers in it may be dropped (KIP-534). */
  get hasDeleteHorizon(): boolean {
    return (this.attributes & bits.deleteHorizon) !== 0
  }

  get lastOffsetDelta(): number {
    return this.buffer.readInt32BE(this.position + at.lastOffsetDelta)
  }

  get baseTimestampMs(): number {
    return int64(this.buffer, this.position + at.baseTimestamp)
  }

  get maxTimestampMs(): number {
    return int64(this.buffer, this.position + at.maxTimestamp)
  }

  /** −1 without idempotence. */
  get producerId(): number {
    return int64(this.buffer, this.position + at.producerId)
  }

  get producerEpoch(): number {
    return this.buffer.readInt16BE(this.position + at.producerEpoch)
  }

  get baseSequence(): number {
    return this.buffer.readInt32BE(this.position + at.baseSequence)
  }

  /** Sequences wrap to 0 after the greatest int32. */
  get lastSequence(): number {
    const first = this.baseSequence
    if (first < 0) return first
    const last = first + this.lastOffsetDelta
    return last > 0x7fffffff ? last - 0x80000000 : last
  }

  /** Fewer than the offsets it spans once it was compacted. */
  get recordCount(): number {
    return this.buffer.readInt32BE(this.position + at.recordCount)
  }

  computeCrc(codecs: Pick<Codecs, 'crc32c'>): number {
    return codecs.crc32c(this.buffer.subarray(this.position + at.attributes, this.position + this.sizeBytes))
  }

  /** Lies outside the CRC. */
  setBaseOffset(offset: number): void {
    setInt64(this.buffer, this.position + at.baseOffset, offset)
  }

  /** Lies outside the CRC. */
  setLeaderEpoch(leaderEpoch: number): void {
    this.buffer.writeInt32BE(leaderEpoch, this.position + at.leaderEpoch)
  }

  /** Makes all records carry the time of the append (`message.timestamp.type=LogAppendTime`); needs a new CRC. */
  setLogAppendTime(timestampMs: number, codecs: Pick<Codecs, 'crc32c'>): void {
    this.buffer.writeInt16BE(this.attributes | bits.logAppendTime, this.position + at.attributes)
    setInt64(this.buffer, this.position + at.maxTimestamp, timestampMs)
    this.setCrc(codecs)
  }

  /** Gives it another producer's identity or sequence, for a batch that is sent again; needs a new CRC. */
  setProducer(
    producer: { producerId: number; producerEpoch: number; baseSequence: number },
    codecs: Pick<Codecs, 'crc32c'>,
  ): void {
    setInt64(this.buffer, this.position + at.producerId, producer.producerId)
    this.buffer.writeInt16BE(producer.producerEpoch, this.position + at.producerEpoch)
    this.buffer.writeInt32BE(producer.baseSequence, this.position + at.baseSequence)
    this.setCrc(codecs)
  }

  private setCrc(codecs: Pick<Codecs, 'crc32c'>): void {
    this.buffer.writeUInt32BE(this.computeCrc(codecs), this.position + at.crc)
  }
}

export interface BatchHeaderFields {
  readonly baseOffset: number
  readonly leaderEpoch: number
  readonly compression: CompressionName
  readonly timestampType: 'create' | 'log-append'
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly hasDeleteHorizon: boolean
  readonly lastOffsetDelta: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/** Writes the header in front of records that already lie behind it in `batch`, and the CRC over both. */
export function writeBatchHeader(
  batch: Buffer,
  fields: BatchHeaderFields,
  codecs: Pick<Codecs, 'crc32c'>,
): void {
  const attributes =
    compressionNames.indexOf(fields.compression) |
    (fields.timestampType === 'log-append' ? bits.logAppendTime : 0) |
    (fields.isTransactional ? bits.transactional : 0) |
    (fields.isControl ? bits.control : 0) |
    (fields.hasDeleteHorizon ? bits.deleteHorizon : 0)
  setInt64(batch, at.baseOffset, fields.baseOffset)
  batch.writeInt32BE(batch.length - batchPrefixBytes, at.batchLength)
  batch.writeInt32BE(fields.leaderEpoch, at.leaderEpoch)
  batch.writeInt8(2, at.magic)
  batch.writeInt16BE(attributes, at.attributes)
  batch.writeInt32BE(fields.lastOffsetDelta, at.lastOffsetDelta)
  setInt64(batch, at.baseTimestamp, fields.baseTimestampMs)
  setInt64(batch, at.maxTimestamp, fields.maxTimestampMs)
  setInt64(batch, at.producerId, fields.producerId)
  batch.writeInt16BE(fields.producerEpoch, at.producerEpoch)
  batch.writeInt32BE(fields.baseSequence, at.baseSequence)
  batch.writeInt32BE(fields.recordCount, at.recordCount)
  batch.writeUInt32BE(codecs.crc32c(batch.subarray(at.attributes)), at.crc)
}

function int64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * 2 ** 32 + buffer.readUInt32BE(position + 4)
}

function setInt64(buffer: Buffer, position: number, value: number): void {
  const lower = value >>> 0
  buffer.writeInt32BE((value - lower) / 2 ** 32, position)
  buffer.writeUInt32BE(lower, position + 4)
}
