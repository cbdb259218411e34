import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Random } from '../../engine/environment/index.ts'
import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { readGolden } from '../golden/golden-data.ts'

const headerBytes = 61
const crcPosition = 17
const attributesPosition = 21
const lengthPosition = 8
const mebibyte = 1024 * 1024

/** Batches of Kafka's own making, in all codecs. */
export function goldenBatches(): Buffer[] {
  const golden = readGolden<{ hex: string }[]>('record-batches.golden.json')
  return golden.map(({ hex }) => Buffer.from(hex, 'hex')).filter((batch) => batch.length < 20_000)
}

/**
 * A few bytes that unfold to many, each a batch with a right CRC. Most stay below what may come of a batch; those above
 * it take long.
 */
export function compressionBombs(): Buffer[] {
  const zeros = Buffer.alloc(16 * mebibyte)
  const inTime = [
    wrapped(1, gzipSync(zeros)),
    wrapped(2, nodeCodecs.compress('snappy', zeros)),
    wrapped(3, nodeCodecs.compress('lz4', zeros)),
    wrapped(4, zstdCompressSync(zeros)),
    // Raw snappy that claims 4 GiB in its first five bytes.
    wrapped(2, Buffer.from('ffffffff0f00000000', 'hex')),
    // One bomb within another.
    wrapped(1, gzipSync(zstdCompressSync(zeros))),
  ]
  const tooMuch = Buffer.alloc(300 * mebibyte)
  const large = [wrapped(1, gzipSync(tooMuch, { level: 1 })), wrapped(4, zstdCompressSync(tooMuch))]
  return [...inTime, ...inTime, ...inTime, ...large]
}

/** The batch with lies in its header or its records; its CRC is right as often as not, so that they are looked into. */
export function twistedBatch(batch: Buffer, random: Random): Buffer {
  const twisted = Buffer.from(batch)
  for (let edits = 1 + random.int(4); edits > 0; edits--) {
    const isHeader = random.int(2) === 0
    const at = isHeader
      ? attributesPosition + random.int(headerBytes - attributesPosition)
      : random.int(twisted.length)
    twisted[at] = random.int(3) === 0 ? 0xff : random.int(256)
  }
  if (random.int(4) !== 0) twisted.writeInt32BE(twisted.length - 12, lengthPosition)
  if (random.int(2) === 0) sealed(twisted)
  return twisted
}

function wrapped(codec: number, compressed: Buffer): Buffer {
  const builder = new BatchBuilder()
  builder.append(1_700_000_000_000, Buffer.from('k'), Buffer.from('v'))
  const plain = builder.build({ codecs: nodeCodecs })
  const batch = Buffer.concat([plain.subarray(0, headerBytes), compressed])
  batch.writeInt16BE(codec, attributesPosition)
  batch.writeInt32BE(batch.length - 12, lengthPosition)
  return sealed(batch)
}

function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(nodeCodecs.crc32c(batch.subarray(attributesPosition)), crcPosition)
  return batch
}
