import { describe, expect, it } from 'vitest'
import {
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
  type RecordKind,
  recordTypeOf,
} from '../../engine/protocol/coordinator-record.ts'
import * as groupRecords from '../../engine/protocol/group-records.ts'
import { transactionRecord } from '../../engine/protocol/transaction-records.ts'
import { expectedValue, type GoldenRecord, readGolden } from './golden-data.ts'

const golden = readGolden<GoldenRecord[]>('coordinator-records.golden.json')
const { memberStates: _, ...kindsOfGroups } = groupRecords
const kinds = [transactionRecord, ...Object.values(kindsOfGroups)] as RecordKind[]

function checkKey(kind: RecordKind, line: GoldenRecord): void {
  const bytes = Buffer.from(line.hex, 'hex')
  expect(recordTypeOf(bytes)).toBe(line.type)
  const key = decodeRecordKey(kind, bytes)
  expect(key).toEqual(expectedValue(kind.key.schema.type, line.body))
  expect(encodeRecordKey(kind, key).toString('hex')).toBe(line.hex)
}

function checkValue(kind: RecordKind, line: GoldenRecord): void {
  const decoded = decodeRecordValue(kind, Buffer.from(line.hex, 'hex'))
  expect(decoded).toEqual({
    version: line.version,
    value: expectedValue(kind.value.schema.type, line.body),
  })
  if (line.filling === 'unknown') return
  expect(encodeRecordValue(kind, line.version, decoded.value).toString('hex')).toBe(line.hex)
  if (line.filling !== 'defaults') return
  expect(encodeRecordValue(kind, line.version, line.body).toString('hex')).toBe(line.hex)
}

describe.each(kinds.map((kind) => [kind.key.name.replace(/Key$/, ''), kind] as const))('%s', (name, kind) => {
  const of = (part: string) => golden.filter((line) => line.record === name + part)

  it("records' keys of Kafka's codec decode and encode to the same bytes", () => {
    expect(of('Key')).toHaveLength(5)
    for (const line of of('Key')) checkKey(kind, line)
  })

  it("records' values of Kafka's codec decode and encode to the same bytes in every version", () => {
    const versions = [...new Set(of('Value').map((line) => line.version))]
    expect([Math.min(...versions), Math.max(...versions)]).toEqual(kind.value.versions)
    for (const version of versions) {
      const lines = of('Value').filter((line) => line.version === version)
      expect(lines).toHaveLength(kind.value.isFlexible(version) ? 6 : 5)
      for (const line of lines) checkValue(kind, line)
    }
  })
})

describe('records of coordinators', () => {
  it('are of one kind for each type and topic', () => {
    const types = Object.values(kindsOfGroups).map((kind) => kind.type)
    expect(new Set(types).size).toBe(types.length)
  })

  it('in a version of the future are refused, and so is what has no type or version', () => {
    const value = Buffer.from('00090000', 'hex')
    expect(() => decodeRecordValue(transactionRecord, value)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }),
    )
    for (const refused of [
      () => recordTypeOf(Buffer.alloc(1)),
      () => decodeRecordKey(transactionRecord, Buffer.alloc(3)),
      () => decodeRecordValue(transactionRecord, Buffer.alloc(0)),
    ]) {
      expect(refused).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
    }
  })
})
