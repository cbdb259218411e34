import { describe, expect, it } from 'vitest'
import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import type { Api } from '../../engine/protocol/api.ts'
import { apis } from '../../engine/protocol/apis/index.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import {
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../engine/protocol/frames.ts'
import { checkProducedBatch, splitBatches, validateBatch } from '../../engine/protocol/record-batch.ts'
import type { BatchView } from '../../engine/protocol/record-batch-header.ts'
import { RecordCursor } from '../../engine/protocol/record-cursor.ts'
import { readGolden } from './golden-data.ts'
import type { Exchange } from './recording-proxy.ts'

const exchanges = readGolden<Exchange[]>('captured.golden.json')
const byApi = Object.groupBy(exchanges, ({ client, api, version }) => `${client} ${nameOf(api)} v${version}`)

function nameOf(key: number): string {
  return apis.find((api) => api.key === key)!.name
}

function apiOf(exchange: Exchange): Api {
  return apis.find((api) => api.key === exchange.api) as Api
}

const hexOf = (pieces: Buffer[]) => Buffer.concat(pieces).toString('hex', 4)

describe.each(Object.entries(byApi))('%s', (_, group) => {
  it('requests decode and encode to the same bytes', () => {
    for (const exchange of group!) {
      const frame = Buffer.from(exchange.request, 'hex')
      const header = decodeRequestHeader(frame)
      const body = decodeRequest(apiOf(exchange), header, frame)
      expect(hexOf(encodeRequest(apiOf(exchange), exchange.version, header, body))).toBe(exchange.request)
    }
  })

  it("Apache Kafka's responses decode and encode to the same bytes", () => {
    for (const exchange of group!) {
      const frame = Buffer.from(exchange.response!, 'hex')
      const { correlationId, body } = decodeResponse(apiOf(exchange), exchange.version, frame)
      expect(hexOf(encodeResponse(apiOf(exchange), exchange.version, correlationId, body))).toBe(
        exchange.response,
      )
    }
  })
})

function producedBy(client: string): string[] {
  const requests = exchanges.filter((exchange) => exchange.client === client && exchange.api === produce.key)
  const frames = requests.map((exchange) => Buffer.from(exchange.request, 'hex'))
  const bodies = frames.map((frame) => decodeRequest(produce, decodeRequestHeader(frame), frame))
  return bodies
    .flatMap((body) => body.topicData.flatMap((topic) => topic.partitionData))
    .flatMap(({ records }) => [...splitBatches(records!)])
    .flatMap((batch) => readRecords(validateBatch(batch.buffer, batch.position, nodeCodecs)))
}

function readRecords(batch: BatchView): string[] {
  checkProducedBatch(batch)
  const read: string[] = []
  const cursor = new RecordCursor(batch, nodeCodecs)
  while (cursor.next()) {
    const headers = cursor.headers().map(({ key, value }) => `${key}=${value}`)
    read.push(`${batch.compression} ${cursor.key} ${cursor.value} ${headers.join()}`)
  }
  return read
}

describe('the records that foreign clients produce', () => {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

  it('by kcat are read in every codec', () => {
    const expected = codecs.map((codec) => `${codec} key-2 ${codec.repeat(20)} source=kcat,empty=`)
    expect(producedBy('kcat')).toEqual(expect.arrayContaining([...expected, 'none null once ']))
  })

  it('by @platformatic/kafka are read in every codec', () => {
    const expected = codecs.map((codec) => `${codec} a ${codec.repeat(10)} source=platformatic`)
    expect(producedBy('platformatic')).toEqual(expected)
  })

  it('by kafkajs are read, plain and with gzip', () => {
    const expected = ['a one source=kafkajs', 'null two ', 'a null ']
    expect(producedBy('kafkajs').sort()).toEqual(
      ['gzip', 'none'].flatMap((codec) => expected.map((record) => `${codec} ${record}`)).sort(),
    )
  })
})
