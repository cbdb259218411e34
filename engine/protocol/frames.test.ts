import { describe, expect, it } from 'vitest'
import { apiVersions } from './apis/api-versions.ts'
import { metadata } from './apis/metadata.ts'
import { produce } from './apis/produce.ts'
import {
  correlationIdOf,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from './frames.ts'

const withoutLength = (pieces: Buffer[]) => Buffer.concat(pieces).subarray(4)

describe('frames', () => {
  it('start with the length of what follows', () => {
    const bytes = Buffer.concat(
      encodeRequest(metadata, 12, { correlationId: 1, clientId: null }, { topics: null }),
    )
    expect(bytes.readInt32BE(0)).toBe(bytes.length - 4)
  })

  it('carry the records of a produce request uncopied', () => {
    const records = Buffer.alloc(100_000, 5)
    const body = {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
    }
    const pieces = encodeRequest(produce, 9, { correlationId: 1, clientId: 'c' }, body)
    expect(pieces).toHaveLength(3)
    expect(pieces[1]).toBe(records)
    const frame = withoutLength(pieces)
    const decoded = decodeRequest(produce, decodeRequestHeader(frame), frame)
    const given = decoded.topicData[0]!.partitionData[0]!.records!
    expect(given.equals(records)).toBe(true)
    expect(given.buffer).toBe(frame.buffer)
  })

  it('answer ApiVersions with the old header in every version, so that old clients can read it', () => {
    const bytes = Buffer.concat(encodeResponse(apiVersions, 4, 9, { errorCode: 0, apiKeys: [] }))
    expect(bytes.toString('hex')).toBe('0000000c00000009' + '0000' + '01' + '00000000' + '00')
  })

  it('let the header of an unknown API or version be read, to be answered with an error', () => {
    for (const [key, version] of [
      [18, 99],
      [999, 0],
    ] as const) {
      const frame = Buffer.from('000000000000002a0003616263ffffff', 'hex')
      frame.writeInt16BE(key, 0)
      frame.writeInt16BE(version, 2)
      expect(decodeRequestHeader(frame)).toMatchObject({
        apiKey: key,
        apiVersion: version,
        correlationId: 42,
        clientId: 'abc',
      })
    }
  })

  it('say which message and field is malformed', () => {
    const frame = withoutLength(
      encodeRequest(
        metadata,
        9,
        { correlationId: 1, clientId: 'c' },
        { topics: [{ name: 'a' }, { name: 'topic' }] },
      ),
    )
    const cut = frame.subarray(0, frame.length - 6)
    expect(() => decodeRequest(metadata, decodeRequestHeader(cut), cut)).toThrow(
      expect.objectContaining({
        code: 'MALFORMED_FRAME',
        where: 'Metadata v9 request.topics[1].name, byte 17',
      }),
    )
  })

  it('give the correlation id of a response without its body', () => {
    const frame = withoutLength(encodeResponse(metadata, 9, 77, { brokers: [], topics: [] }))
    expect(correlationIdOf(frame)).toBe(77)
    expect(decodeResponse(metadata, 9, frame).correlationId).toBe(77)
  })
})
