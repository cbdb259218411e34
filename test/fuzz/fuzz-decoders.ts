import { isMillraceError } from '../../engine/base/errors.ts'
import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import type { Api, Message } from '../../engine/protocol/api.ts'
import { apiByKey, apis } from '../../engine/protocol/apis/index.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import {
  consumerAssignment,
  consumerSubscription,
  decodeConsumerPayload,
} from '../../engine/protocol/consumer-protocol.ts'
import {
  decodeRecordKey,
  decodeRecordValue,
  type RecordKind,
} from '../../engine/protocol/coordinator-record.ts'
import { FrameSplitter } from '../../engine/protocol/frame-splitter.ts'
import { decodeRequest, decodeRequestHeader, decodeResponse } from '../../engine/protocol/frames.ts'
import * as groupRecords from '../../engine/protocol/group-records.ts'
import { checkProducedBatch, splitBatches, validateBatch } from '../../engine/protocol/record-batch.ts'
import { RecordCursor } from '../../engine/protocol/record-cursor.ts'
import type { Decoded, Field } from '../../engine/protocol/schema.ts'
import { transactionRecord } from '../../engine/protocol/transaction-records.ts'
import { createSeededRandom } from '../../engine/sim/seeded-random.ts'
import { type GoldenFrame, type GoldenPayload, type GoldenRecord, readGolden } from '../golden/golden-data.ts'
import { type FrameKind, type FrameMaker, mutated } from './malformed-frames.ts'

/** What reading may end with; all else is a fault of ours. */
const expected = new Set([
  'MALFORMED_FRAME',
  'UNSUPPORTED_VERSION',
  'CORRUPT_BATCH',
  'UNSUPPORTED_RECORD_FORMAT',
  'INVALID_RECORD',
])
const framesPerTurn = 500
const frameBytesMax = 100 * 1024 * 1024
/** Of processor time: longer over one frame, and every other connection waits. */
const frameMsMax = 2000

export interface DecoderRun {
  readonly frames: number
  readonly kinds: Readonly<Record<string, number>>
  /** How often reading ended in each way; `read` is without an error. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Frame numbers with what happened. */
  readonly failures: readonly string[]
  readonly elapsedMs: number
}

/** Reads the frames of these numbers as a broker does, and for each a response and a payload as clients do. */
export async function fuzzDecoders(
  maker: FrameMaker,
  seed: string,
  from: number,
  count: number,
): Promise<DecoderRun> {
  const others = otherReaders()
  const kinds: Record<string, number> = {}
  const outcomes: Record<string, number> = {}
  const failures: string[] = []
  const attempt = (index: number, kind: FrameKind | 'answer', read: () => void) => {
    kinds[kind] = (kinds[kind] ?? 0) + 1
    const before = process.cpuUsage()
    const outcome = outcomeOf(read)
    const { user, system } = process.cpuUsage(before)
    const tookMs = (user + system) / 1000
    outcomes[outcome.name] = (outcomes[outcome.name] ?? 0) + 1
    if (outcome.fault !== undefined) failures.push(`frame ${index} (${kind}): ${outcome.fault}`)
    else if (tookMs > frameMsMax) failures.push(`frame ${index} (${kind}) took ${tookMs.toFixed(0)} ms`)
  }
  const startedMs = performance.now()
  for (let index = from; index < from + count; index++) {
    const { kind, bytes } = maker.make(index)
    attempt(index, kind, () => readAsBroker(bytes))
    const random = createSeededRandom(`${seed}/answer/${index}`)
    const other = others[random.int(others.length)]!
    const changed = mutated(other.bytes, random)
    attempt(index, 'answer', () => other.read(changed))
    // What native code has unfolded is only given back between turns of the event loop.
    if (index % framesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return { frames: count, kinds, outcomes, failures, elapsedMs: performance.now() - startedMs }
}

function outcomeOf(read: () => void): { readonly name: string; readonly fault?: string } {
  try {
    read()
    return { name: 'read' }
  } catch (thrown) {
    if (isMillraceError(thrown) && expected.has(thrown.code)) return { name: thrown.code }
    return {
      name: 'fault',
      fault: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    }
  }
}

function readAsBroker(bytes: Buffer): void {
  for (const frame of new FrameSplitter(frameBytesMax).push(bytes)) {
    const header = decodeRequestHeader(frame)
    const api = apiByKey(header.apiKey)
    if (api === undefined) continue
    const request = decodeRequest(api as Api, header, frame)
    if (api.key === produce.key) readProduced(request as Decoded<typeof produce.request.schema>)
  }
}

function readProduced(request: Decoded<typeof produce.request.schema>): void {
  for (const { partitionData } of request.topicData) {
    for (const { records } of partitionData) {
      if (records === null) continue
      validateBatch(records, 0, nodeCodecs)
      for (const batch of splitBatches(records)) {
        readRecords(new RecordCursor(batch, nodeCodecs))
        checkProducedBatch(batch)
      }
    }
  }
}

function readRecords(cursor: RecordCursor): void {
  while (cursor.next()) {
    void cursor.key
    void cursor.value
    cursor.headers()
  }
}

interface OtherReader {
  readonly bytes: Buffer
  read(bytes: Buffer): void
}

/** What clients and coordinators read: answers, members' payloads, records of internal topics. */
function otherReaders(): OtherReader[] {
  const frames = readGolden<(GoldenFrame | GoldenPayload)[]>('frames.golden.json')
  const responses = frames.flatMap((line) => {
    if (!('api' in line) || line.kind !== 'response') return []
    const api = apis.find((one) => one.key === line.api) as Api
    const bytes = Buffer.from(line.hex, 'hex').subarray(4)
    return [{ bytes, read: (changed: Buffer) => void decodeResponse(api, line.version, changed) }]
  })
  const payloads = frames.flatMap((line) => {
    if (!('payload' in line)) return []
    const payload = line.payload === consumerSubscription.name ? consumerSubscription : consumerAssignment
    const bytes = Buffer.from(line.hex, 'hex')
    return [
      { bytes, read: (changed: Buffer) => void decodeConsumerPayload(payload as Message<Field>, changed) },
    ]
  })
  const { memberStates: _, ...kindsOfGroups } = groupRecords
  const kinds = [transactionRecord, ...Object.values(kindsOfGroups)] as RecordKind[]
  const records = readGolden<GoldenRecord[]>('coordinator-records.golden.json').map((line) => {
    const kind = kinds.find(({ key, value }) => [key.name, value.name].includes(line.record))!
    const isKey = line.record === kind.key.name
    const read = (changed: Buffer) =>
      void (isKey ? decodeRecordKey(kind, changed) : decodeRecordValue(kind, changed))
    return { bytes: Buffer.from(line.hex, 'hex'), read }
  })
  return [...responses, ...payloads, ...records]
}
