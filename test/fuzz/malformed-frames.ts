import type { Random } from '../../engine/environment/index.ts'
import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import { apis } from '../../engine/protocol/apis/index.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import { createSeededRandom } from '../../engine/sim/seeded-random.ts'
import { type GoldenFrame, readGolden } from '../golden/golden-data.ts'
import { compressionBombs, goldenBatches, twistedBatch } from './hostile-batches.ts'
import { produceFrame, realRequests } from './real-requests.ts'

/** In thousandths: what takes long or needs much comes rarely. */
const shares = {
  /** Random bytes behind a right length. */
  random: 80,
  /** The header of a request, and then random bytes. */
  header: 100,
  /** A real request with bytes changed, put in or taken out. */
  mutated: 340,
  /** The beginning of one request, the end of another. */
  spliced: 100,
  /** Cut off, with the length of what is left. */
  truncated: 80,
  /** The length in front is wrong. */
  'frame length': 30,
  /** A length or count within is extreme. */
  'inner length': 120,
  /** Arrays of very many or very empty elements. */
  'deep array': 47,
  /** Tagged fields that lie about themselves, come twice or in hundreds. */
  tags: 60,
  /** Record batches with lies in them. */
  batch: 42,
  /** A few compressed bytes that unfold to many. */
  bomb: 1,
} as const

export type FrameKind = keyof typeof shares
export const frameKinds = Object.keys(shares) as FrameKind[]
const deck = frameKinds.flatMap((kind) => Array.from({ length: shares[kind] }, () => kind))

export interface MalformedFrame {
  readonly kind: FrameKind
  /** As on a socket, length included. */
  readonly bytes: Buffer
}

const oddBytes = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff]
const extremes = [
  '7fffffff',
  '80000000',
  'ffffffff',
  'fffffffe',
  '00ffffff',
  '7fff',
  'ffff',
  '8000',
  'ffffffff0f',
  'ffffffffff',
  '8080808010',
  'feffffff07',
]
const deepBytesMax = 200_000
const wideBytesMax = 4_000_000

/** Frame number N of a seed is always the same, whatever came before it. */
export class FrameMaker {
  private readonly seed: string
  private readonly requests: readonly Buffer[]
  private readonly batches = goldenBatches()
  private readonly topics: readonly string[]

  /** `topics` are those that the broker has, one of them compacted. */
  constructor(seed: string, topics: readonly string[]) {
    this.seed = seed
    this.topics = topics
    const golden = readGolden<GoldenFrame[]>('frames.golden.json').filter((line) => line.kind === 'request')
    const builder = new BatchBuilder()
    builder.append(1_700_000_000_000, Buffer.from('key'), Buffer.from('value'))
    const records = builder.build({ codecs: nodeCodecs })
    const real = topics.flatMap((topic) => realRequests(topic, records))
    this.requests = [...golden.map(({ hex }) => Buffer.from(hex, 'hex')), ...real, ...real, ...real]
  }

  make(index: number): MalformedFrame {
    const random = createSeededRandom(`${this.seed}/${index}`)
    const kind = pick(deck, random)
    return { kind, bytes: this.frame(kind, random) }
  }

  private frame(kind: FrameKind, random: Random): Buffer {
    const request = pick(this.requests, random)
    switch (kind) {
      case 'random':
        return framed(Buffer.from(random.bytes(random.int(300))))
      case 'header':
        return framed(Buffer.concat([header(random), random.bytes(random.int(300))]))
      case 'mutated':
        return framed(mutated(request.subarray(4), random))
      case 'spliced':
        return framed(spliced(request.subarray(4), pick(this.requests, random).subarray(4), random))
      case 'truncated':
        return framed(request.subarray(4, 4 + random.int(request.length - 4)))
      case 'frame length':
        return wrongLength(request, random)
      case 'inner length':
        return framed(withExtreme(request.subarray(4), random))
      case 'deep array':
        return framed(deepArray(request.subarray(4), random))
      case 'tags':
        return framed(strangeTags(request.subarray(4), random))
      case 'batch':
        return produceFrame(pick(this.topics, random), twistedBatch(pick(this.batches, random), random))
      case 'bomb':
        return produceFrame(pick(this.topics, random), pick(bombs(), random))
    }
  }
}

let madeBombs: readonly Buffer[] | undefined

/** They take a second to make, and are the same for every seed. */
function bombs(): readonly Buffer[] {
  madeBombs ??= compressionBombs()
  return madeBombs
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[random.int(from.length)]!
}

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(4 + body.length)
  frame.writeInt32BE(body.length, 0)
  frame.set(body, 4)
  return frame
}

/** Of an API that we know, mostly in a version that we know, sometimes of any. */
function header(random: Random): Buffer {
  const api = pick(apis, random)
  const isKnown = random.int(10) > 0
  const bytes = Buffer.alloc(11)
  bytes.writeInt16BE(isKnown ? api.key : random.int(120), 0)
  bytes.writeInt16BE(
    isKnown ? api.versions[0] + random.int(api.versions[1] - api.versions[0] + 1) : random.int(30),
    2,
  )
  bytes.writeInt32BE(random.int(1000), 4)
  bytes.writeInt16BE(-1, 8)
  return api.request.isFlexible(bytes.readInt16BE(2)) ? bytes : bytes.subarray(0, 10)
}

export function mutated(body: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(body)
  for (let edits = 1 + random.int(6); edits > 0; edits--) {
    const at = random.int(bytes.length + 1)
    const few = random.int(4) + 1
    switch (random.int(6)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(few), bytes.subarray(at)])
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + few)])
        break
      case 2:
        if (at < bytes.length) bytes[at]! ^= 1 << random.int(8)
        break
      case 3:
        if (at < bytes.length) bytes[at] = pick(oddBytes, random)
        break
      default:
        if (at < bytes.length) bytes[at] = random.int(256)
    }
  }
  return bytes
}

function spliced(head: Buffer, tail: Buffer, random: Random): Buffer {
  return Buffer.concat([
    head.subarray(0, 8 + random.int(head.length)),
    tail.subarray(random.int(tail.length)),
  ])
}

function wrongLength(request: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(request)
  const lengths = [
    -1,
    -(2 ** 31),
    2 ** 31 - 1,
    100 * 1024 * 1024 + 1,
    0,
    3,
    bytes.length - 3,
    bytes.length + random.int(1000),
  ]
  bytes.writeInt32BE(random.int(9) === 0 ? random.int(bytes.length) : pick(lengths, random), 0)
  return bytes
}

function withExtreme(body: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(body)
  const extreme = Buffer.from(pick(extremes, random), 'hex')
  extreme.copy(bytes, 8 + random.int(Math.max(1, bytes.length - 8)))
  return bytes
}

/** The request up to some byte, a count, and as many bytes that may each be an element, an empty one or none. */
function deepArray(body: Buffer, random: Random): Buffer {
  const head = body.subarray(0, 8 + random.int(Math.max(1, body.length - 8)))
  const length = random.int(random.int(100) === 0 ? wideBytesMax : random.int(10) === 0 ? deepBytesMax : 2000)
  const count = Math.max(1, Math.floor(length / (1 + random.int(8))))
  const filling = pick([[0], [1], [1, 0], [1, 1, 0], [0, 0, 0, 1], [0, 1, 0x61]], random)
  const elements = Buffer.alloc(length, Buffer.from(filling))
  return Buffer.concat([head, random.int(2) === 0 ? int32(count) : uvarint(count + 1), elements])
}

function strangeTags(body: Buffer, random: Random): Buffer {
  // Where a message is flexible, its last byte is the number of tagged fields: none.
  const head = body.subarray(0, body.length - 1)
  const tags: Uint8Array[] = []
  const count = random.int(20) === 0 ? 500 : 1 + random.int(4)
  for (let i = 0; i < count; i++) {
    const content = random.bytes(random.int(12))
    const claimed = random.int(6) === 0 ? random.int(2 ** 32) : content.length
    tags.push(uvarint(random.int(3) === 0 ? 9000 + i : random.int(4)), uvarint(claimed), content)
  }
  return Buffer.concat([head, uvarint(random.int(6) === 0 ? random.int(2 ** 32) : count), ...tags])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value, 0)
  return bytes
}

function uvarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}
