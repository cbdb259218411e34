import type { Crypto } from './crypto.ts'

export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface Codecs {
  readonly crypto: Crypto
  /** CRC-32C (Castagnoli), as an unsigned number. */
  crc32c(bytes: Uint8Array, seed?: number): number
  /** lz4 is the frame format; snappy is written in Xerial's framing, as Kafka's Java client does. */
  compress(name: CompressionName, bytes: Uint8Array): Buffer
  /** Reads raw snappy too. @throws MillraceError CORRUPT_COMPRESSION, also past `lengthMax`. */
  decompress(name: CompressionName, bytes: Uint8Array, lengthMax?: number): Buffer
}
