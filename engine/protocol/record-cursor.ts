import { isMillraceError } from '../base/errors.ts'
import type { Codecs } from '../environment/codecs.ts'
import { type BatchView, batchFault, batchHeaderBytes } from './record-batch-header.ts'

const decompressedBytesMaxDefault = 256 * 1024 * 1024

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/**
 * Steps through the records of a batch without making an object for any:
 * `while (cursor.next()) use(cursor.offset, cursor.timestampMs, cursor.key, …)`.
 * Keys, values and headers are made when asked for, as views into the batch or into its decompressed records; who
 * needs no view has the positions in `body`.
 */
export class RecordCursor {
  /** What the positions below refer to. */
  readonly body: Buffer
  /** Of the current record. */
  offset = -1
  timestampMs = -1
  keyStart = 0
  /** −1 when there is no key: null, not empty. */
  keyLength = -1
  valueStart = 0
  /** −1 when there is no value. */
  valueLength = -1
  /** From the length of the key to the end of the headers: what stays the same wherever the record goes. */
  contentStart = 0
  contentEnd = 0

  private readonly batch: BatchView
  private readonly baseOffset: number
  private readonly baseTimestampMs: number
  /** Of all records, when the broker gave them the time; undefined when each has its own. */
  private readonly appendTimestampMs: number | undefined
  private readonly count: number
  private index = 0
  private position: number
  private readonly end: number
  private headersStart = 0

  /** @throws MillraceError CORRUPT_BATCH when the records do not decompress, or to more than the maximum */
  constructor(
    batch: BatchView,
    codecs: Pick<Codecs, 'decompress'>,
    decompressedBytesMax = decompressedBytesMaxDefault,
  ) {
    this.batch = batch
    this.baseOffset = batch.baseOffset
    this.baseTimestampMs = batch.baseTimestampMs
    this.appendTimestampMs = batch.timestampType === 'log-append' ? batch.maxTimestampMs : undefined
    this.count = batch.recordCount
    const end = batch.position + batch.sizeBytes
    if (batch.compression === 'none') {
      this.body = batch.buffer
      this.position = batch.position + batchHeaderBytes
      this.end = end
    } else {
      this.body = decompressed(batch, codecs, decompressedBytesMax)
      this.position = 0
      this.end = this.body.length
    }
  }

  /** A view; null when there is none. */
  get key(): Buffer | null {
    return this.keyLength < 0 ? null : this.body.subarray(this.keyStart, this.keyStart + this.keyLength)
  }

  get value(): Buffer | null {
    return this.valueLength < 0
      ? null
      : this.body.subarray(this.valueStart, this.valueStart + this.valueLength)
  }

  get headerCount(): number {
    const after = this.position
    this.position = this.headersStart
    const count = this.varint(this.contentEnd)
    this.position = after
    return count
  }

  headers(): RecordHeader[] {
    const after = this.position
    this.position = this.headersStart
    const headers: RecordHeader[] = []
    const count = this.varint(this.contentEnd)
    if (count < 0) throw this.corrupt(`a record claims ${count} headers`)
    while (headers.length < count) headers.push(this.header())
    this.position = after
    return headers
  }

  /** Steps to the next record; false after the last. @throws MillraceError CORRUPT_BATCH */
  next(): boolean {
    if (this.index >= this.count) {
      if (this.position !== this.end) throw this.corrupt('bytes follow the last record')
      return false
    }
    this.index++
    const length = this.varint(this.end)
    const recordEnd = this.position + length
    if (length < 1 || recordEnd > this.end) throw this.corrupt(`a record claims ${length} bytes`)
    this.position++ // the record's attributes, which carry nothing
    const timestampDeltaMs = this.varlong(recordEnd)
    this.timestampMs = this.appendTimestampMs ?? this.baseTimestampMs + timestampDeltaMs
    this.offset = this.baseOffset + this.varint(recordEnd)
    this.contentStart = this.position
    this.keyLength = this.varint(recordEnd)
    this.keyStart = this.position
    if (this.keyLength > 0) this.position += this.keyLength
    this.valueLength = this.varint(recordEnd)
    this.valueStart = this.position
    if (this.valueLength > 0) this.position += this.valueLength
    // Also reached when a length led past the end.
    if (this.position >= recordEnd) throw this.corrupt('a key or value is longer than its record')
    this.headersStart = this.position
    this.contentEnd = recordEnd
    this.position = recordEnd
    return true
  }

  private header(): RecordHeader {
    const end = this.contentEnd
    const keyLength = this.varint(end)
    const keyStart = this.position
    if (keyLength < 0 || keyStart + keyLength > end) throw this.corrupt('a header has no key')
    this.position += keyLength
    const key = this.body.toString('utf8', keyStart, keyStart + keyLength)
    const length = this.varint(end)
    if (length < 0) return { key, value: null }
    const start = this.position
    if (start + length > end) throw this.corrupt('a header is longer than its record')
    this.position += length
    return { key, value: this.body.subarray(start, start + length) }
  }

  private varint(limit: number): number {
    const body = this.body
    let at = this.position
    if (at >= limit) throw this.corrupt('the records end too early')
    let byte = body[at++]!
    let raw = byte & 0x7f
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (at >= limit || shift > 28) throw this.corrupt('a number is cut off or too long')
      byte = body[at++]!
      raw |= (byte & 0x7f) << shift
    }
    this.position = at
    return (raw >>> 1) ^ -(raw & 1)
  }

  private varlong(limit: number): number {
    const body = this.body
    let at = this.position
    if (at >= limit) throw this.corrupt('the records end too early')
    let byte = body[at++]!
    let raw = byte & 0x7f
    // Up to 28 bits fit into integer arithmetic: over a day of milliseconds either way.
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 21) return this.longVarlong(limit)
      if (at >= limit) throw this.corrupt('a number is cut off')
      byte = body[at++]!
      raw |= (byte & 0x7f) << shift
    }
    this.position = at
    return (raw >>> 1) ^ -(raw & 1)
  }

  private longVarlong(limit: number): number {
    let raw = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= limit) throw this.corrupt('a number is cut off')
      const byte = this.body[this.position++]!
      raw |= BigInt(byte & 0x7f) << shift
      if (byte > 0x7f) continue
      const value = Number(BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n)))
      if (!Number.isSafeInteger(value)) break
      return value
    }
    throw this.corrupt('a timestamp lies beyond the safe integers')
  }

  private corrupt(what: string): Error {
    return batchFault('CORRUPT_BATCH', `${what} (record ${this.index} of ${this.count})`, this.batch.position)
  }
}

function decompressed(batch: BatchView, codecs: Pick<Codecs, 'decompress'>, bytesMax: number): Buffer {
  const end = batch.position + batch.sizeBytes
  try {
    return codecs.decompress(
      batch.compression,
      batch.buffer.subarray(batch.position + batchHeaderBytes, end),
      bytesMax,
    )
  } catch (thrown) {
    if (!isMillraceError(thrown, 'CORRUPT_COMPRESSION')) throw thrown
    throw batchFault('CORRUPT_BATCH', thrown.what, batch.position, thrown)
  }
}
