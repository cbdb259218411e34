import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { MillraceError } from '../../base/errors.ts'
import type { Codecs, CompressionName } from '../../environment/index.ts'
import { nodeCrypto } from './crypto.ts'
import { checkLz4FrameLength } from './lz4-frame.ts'
import { compressSnappy, decompressSnappy } from './snappy-framing.ts'

/** What a decompressed batch may hold when the caller sets no bound: far above any sensible max.message.bytes. */
const lengthMaxDefault = 256 * 1024 * 1024

export const nodeCodecs: Codecs = {
  crypto: nodeCrypto,
  crc32c: (bytes, seed) => crc32c(bytes, seed),
  compress,
  decompress(name, bytes, lengthMax = lengthMaxDefault) {
    let result: Buffer
    try {
      result = decompress(name, bytes, lengthMax)
    } catch (thrown) {
      throw corrupt(name, thrown instanceof Error ? thrown.message : String(thrown), thrown)
    }
    if (result.length > lengthMax) throw corrupt(name, `it holds more than ${lengthMax} bytes`)
    return result
  },
}

function compress(name: CompressionName, bytes: Uint8Array): Buffer {
  switch (name) {
    case 'none':
      return asBuffer(bytes)
    case 'gzip':
      return gzipSync(bytes)
    case 'snappy':
      return compressSnappy(asBuffer(bytes))
    case 'lz4':
      return compressFrameSync(asBuffer(bytes))
    case 'zstd':
      return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
  }
}

function decompress(name: CompressionName, bytes: Uint8Array, lengthMax: number): Buffer {
  switch (name) {
    case 'none':
      return asBuffer(bytes)
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength: lengthMax })
    case 'snappy':
      return decompressSnappy(asBuffer(bytes), lengthMax)
    case 'lz4':
      checkLz4FrameLength(asBuffer(bytes), lengthMax)
      return decompressFrameSync(asBuffer(bytes))
    case 'zstd':
      return zstdDecompressSync(bytes, { maxOutputLength: lengthMax })
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function corrupt(name: CompressionName, why: string, cause?: unknown): MillraceError {
  return new MillraceError({
    code: 'CORRUPT_COMPRESSION',
    what: `${name} data can't be decompressed (${why})`,
    remedy: 'check the program that wrote it',
    cause,
  })
}
