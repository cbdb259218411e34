import { describe, expect, it } from 'vitest'
import type { Api, Message } from '../../engine/protocol/api.ts'
import { apis } from '../../engine/protocol/apis/index.ts'
import {
  consumerAssignment,
  consumerSubscription,
  decodeConsumerPayload,
  encodeConsumerPayload,
} from '../../engine/protocol/consumer-protocol.ts'
import { FrameSplitter } from '../../engine/protocol/frame-splitter.ts'
import {
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../engine/protocol/frames.ts'
import type { Field } from '../../engine/protocol/schema.ts'
import { expectedValue, type GoldenFrame, type GoldenPayload, readGolden } from './golden-data.ts'

const all = readGolden<(GoldenFrame | GoldenPayload)[]>('frames.golden.json')
const frames = all.filter((line): line is GoldenFrame => 'api' in line)
const payloads = all.filter((line): line is GoldenPayload => 'payload' in line)

function onlyFrame(hex: string): Buffer {
  const split = new FrameSplitter(1024 * 1024).push(Buffer.from(hex, 'hex'))
  expect(split).toHaveLength(1)
  return split[0]!
}

function checkRequest(api: Api, golden: GoldenFrame): void {
  const frame = onlyFrame(golden.hex)
  const header = decodeRequestHeader(frame)
  expect(header).toMatchObject({
    apiKey: golden.api,
    apiVersion: golden.version,
    correlationId: golden.correlationId,
    clientId: golden.clientId,
  })
  const body = decodeRequest(api, header, frame)
  expect(body).toEqual(expectedValue(api.request.schema.type, golden.body))
  if (golden.filling === 'unknown') return
  expect(Buffer.concat(encodeRequest(api, golden.version, header, body)).toString('hex')).toBe(golden.hex)
  if (golden.filling !== 'defaults') return
  const leftOut = encodeRequest(api, golden.version, header, golden.body)
  expect(Buffer.concat(leftOut).toString('hex')).toBe(golden.hex)
}

function checkResponse(api: Api, golden: GoldenFrame): void {
  const { correlationId, body } = decodeResponse(api, golden.version, onlyFrame(golden.hex))
  expect(correlationId).toBe(golden.correlationId)
  expect(body).toEqual(expectedValue(api.response.schema.type, golden.body))
  if (golden.filling === 'unknown') return
  const encoded = encodeResponse(api, golden.version, correlationId, body)
  expect(Buffer.concat(encoded).toString('hex')).toBe(golden.hex)
  if (golden.filling !== 'defaults') return
  const leftOut = encodeResponse(api, golden.version, correlationId, golden.body)
  expect(Buffer.concat(leftOut).toString('hex')).toBe(golden.hex)
}

describe.each(apis.map((api) => [api.name, api as Api] as const))('%s', (_, api) => {
  const versions = Array.from(
    { length: api.versions[1] - api.versions[0] + 1 },
    (_, i) => api.versions[0] + i,
  )
  const of = (version: number, kind: string) =>
    frames.filter((frame) => frame.api === api.key && frame.version === version && frame.kind === kind)

  it.each(versions)("v%i requests of Kafka's codec decode and encode to the same bytes", (version) => {
    const golden = of(version, 'request')
    expect(golden).toHaveLength(api.request.isFlexible(version) ? 6 : 5)
    for (const frame of golden) checkRequest(api, frame)
  })

  it.each(versions)("v%i responses of Kafka's codec decode and encode to the same bytes", (version) => {
    const golden = of(version, 'response')
    expect(golden).toHaveLength(api.request.isFlexible(version) ? 6 : 5)
    for (const frame of golden) checkResponse(api, frame)
  })

  it('has every version that Kafka has', () => {
    const theirs = frames.filter((frame) => frame.api === api.key).map((frame) => frame.version)
    expect([Math.min(...theirs), Math.max(...theirs)]).toEqual(api.versions)
  })
})

function checkPayloads<F extends Field>(payload: Message<F>, version: number): void {
  const golden = payloads.filter((line) => line.payload === payload.name && line.version === version)
  expect(golden).toHaveLength(3)
  for (const line of golden) {
    const decoded = decodeConsumerPayload(payload, Buffer.from(line.hex, 'hex'))
    expect(decoded).toEqual({ version, value: expectedValue(payload.schema.type, line.body) })
    const encoded = encodeConsumerPayload(payload, version, decoded.value)
    expect(encoded.toString('hex')).toBe(line.hex)
  }
}

describe('payloads of the consumer protocol', () => {
  it.each([0, 1, 2, 3])("subscriptions v%i of Kafka's codec decode and encode to the same bytes", (version) =>
    checkPayloads(consumerSubscription, version),
  )

  it.each([0, 1, 2, 3])("assignments v%i of Kafka's codec decode and encode to the same bytes", (version) =>
    checkPayloads(consumerAssignment, version),
  )
})
