import type { Codecs, CompressionName } from '../environment/codecs.ts'
import { batchHeaderBytes, writeBatchHeader } from './record-batch-header.ts'
import type { RecordCursor } from './record-cursor.ts'

const capacityBytesDefault = 16 * 1024
/** Below it a loop is faster than the call of a copy. */
const loopCopyBytesMax = 24

export interface HeaderInput {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface BuildOptions {
  readonly codecs: Pick<Codecs, 'crc32c' | 'compress'>
  readonly compression?: CompressionName
  /** Left out: no idempotence. */
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  /** Of a batch that keeps the offsets of another one, of which it has some of the records (KIP-98); may have none. */
  readonly kept?: KeptSpan
}

/** What stays of a compacted batch, whatever records it has lost. */
export interface KeptSpan {
  readonly lastOffsetDelta: number
  readonly maxTimestampMs: number
  readonly timestampType: 'create' | 'log-append'
  /** The base timestamp says from when on tombstones and markers may go (KIP-534). */
  readonly hasDeleteHorizon: boolean
}

/** Gathers records into one batch of magic 2, encoded as they come. */
export class BatchBuilder {
  private buffer: Buffer
  private position = batchHeaderBytes
  private count = 0
  private baseTimestampMs = 0
  private maxTimestampMs = 0
  private isBaseGiven = false

  /** Starts with room for so many bytes and grows as needed. Without a base timestamp the first record's is the base. */
  constructor(capacityBytes = capacityBytesDefault, baseTimestampMs?: number) {
    this.buffer = Buffer.allocUnsafe(Math.max(capacityBytes, 2 * batchHeaderBytes))
    if (baseTimestampMs === undefined) return
    this.baseTimestampMs = baseTimestampMs
    this.isBaseGiven = true
  }

  get recordCount(): number {
    return this.count
  }

  /** Of the batch before compression, header included. */
  get sizeBytes(): number {
    return this.position
  }

  /** Copies the record into the batch and gives the batch's size in bytes before compression. */
  append(
    timestampMs: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly HeaderInput[] = [],
  ): number {
    const contentBytes = sizedBytes(key) + sizedBytes(value) + headersBytes(headers)
    this.startRecord(timestampMs, contentBytes)
    this.putSized(key)
    this.putSized(value)
    this.putVarint(headers.length)
    for (const header of headers) {
      const keyBytes = Buffer.byteLength(header.key, 'utf8')
      this.putVarint(keyBytes)
      this.position += this.buffer.write(header.key, this.position, keyBytes, 'utf8')
      this.putSized(header.value)
    }
    return this.position
  }

  /** As `append`, with key, value and headers of the cursor's record copied in one go. */
  appendFrom(cursor: RecordCursor, timestampMs = cursor.timestampMs, offsetDelta = this.count): number {
    const { body, contentStart, contentEnd } = cursor
    this.startRecord(timestampMs, contentEnd - contentStart, offsetDelta)
    body.copy(this.buffer, this.position, contentStart, contentEnd)
    this.position += contentEnd - contentStart
    return this.position
  }

  /** The batch, which shares memory with the builder: the builder must not be used afterwards. */
  build(options: BuildOptions): Buffer {
    const compression = options.compression ?? 'none'
    const batch =
      compression === 'none' ? this.buffer.subarray(0, this.position) : this.compress(compression, options)
    writeBatchHeader(
      batch,
      {
        baseOffset: options.baseOffset ?? 0,
        leaderEpoch: options.leaderEpoch ?? -1,
        compression,
        timestampType: options.kept?.timestampType ?? 'create',
        isTransactional: options.isTransactional ?? false,
        isControl: options.isControl ?? false,
        hasDeleteHorizon: options.kept?.hasDeleteHorizon ?? false,
        lastOffsetDelta: options.kept?.lastOffsetDelta ?? this.count - 1,
        baseTimestampMs: this.baseTimestampMs,
        maxTimestampMs: options.kept?.maxTimestampMs ?? this.maxTimestampMs,
        producerId: options.producerId ?? -1,
        producerEpoch: options.producerEpoch ?? -1,
        baseSequence: options.baseSequence ?? -1,
        recordCount: this.count,
      },
      options.codecs,
    )
    return batch
  }

  private compress(compression: CompressionName, options: BuildOptions): Buffer {
    const body = options.codecs.compress(compression, this.buffer.subarray(batchHeaderBytes, this.position))
    const batch = Buffer.allocUnsafe(batchHeaderBytes + body.length)
    batch.set(body, batchHeaderBytes)
    return batch
  }

  /** Length, attributes, timestamp and offset; room for the content that follows. */
  private startRecord(timestampMs: number, contentBytes: number, offsetDelta = this.count): void {
    if (this.count === 0) {
      if (!this.isBaseGiven) this.baseTimestampMs = timestampMs
      this.maxTimestampMs = timestampMs
    } else if (timestampMs > this.maxTimestampMs) {
      this.maxTimestampMs = timestampMs
    }
    const deltaMs = timestampMs - this.baseTimestampMs
    const length = 1 + varlongBytes(deltaMs) + varintBytes(offsetDelta) + contentBytes
    this.ensure(length + 5)
    this.putVarint(length)
    this.buffer[this.position++] = 0
    this.putVarlong(deltaMs)
    this.putVarint(offsetDelta)
    this.count++
  }

  private ensure(bytes: number): void {
    const wanted = this.position + bytes
    if (wanted <= this.buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.buffer.length * 2))
    this.buffer.copy(larger, 0, 0, this.position)
    this.buffer = larger
  }

  private putSized(bytes: Uint8Array | null): void {
    const length = bytes === null ? -1 : bytes.length
    this.putVarint(length)
    if (bytes === null) return
    if (length > loopCopyBytesMax) this.buffer.set(bytes, this.position)
    else for (let index = 0; index < length; index++) this.buffer[this.position + index] = bytes[index]!
    this.position += length
  }

  private putVarint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    while (rest > 0x7f) {
      this.buffer[this.position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.buffer[this.position++] = rest
  }

  private putVarlong(value: number): void {
    if ((value | 0) === value) this.putVarint(value)
    else this.putLongVarlong(value)
  }

  private putLongVarlong(value: number): void {
    let rest = zigzagLong(value)
    while (rest > 0x7fn) {
      this.buffer[this.position++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.buffer[this.position++] = Number(rest)
  }
}

/** What a record adds to a batch at most, to see whether it still fits. */
export function recordBytesMax(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly HeaderInput[] = [],
): number {
  return 5 + 1 + 10 + 5 + sizedBytes(key) + sizedBytes(value) + headersBytes(headers)
}

function sizedBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length
}

function headersBytes(headers: readonly HeaderInput[]): number {
  let sum = varintBytes(headers.length)
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key, 'utf8')
    sum += varintBytes(keyBytes) + keyBytes + sizedBytes(value)
  }
  return sum
}

function varintBytes(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0
  return raw < 0x80 ? 1 : raw < 0x4000 ? 2 : raw < 0x20_0000 ? 3 : raw < 0x1000_0000 ? 4 : 5
}

function varlongBytes(value: number): number {
  if ((value | 0) === value) return varintBytes(value)
  let bytes = 1
  for (let rest = zigzagLong(value) >> 7n; rest > 0n; rest >>= 7n) bytes++
  return bytes
}

function zigzagLong(value: number): bigint {
  const long = BigInt(value)
  return BigInt.asUintN(64, (long << 1n) ^ (long >> 63n))
}
