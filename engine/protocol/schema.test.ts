import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Message, message } from './api.ts'
import { Reader } from './reader.ts'
import {
  array,
  boolean,
  type Decoded,
  type Encodable,
  type Field,
  float64,
  int32,
  int64,
  records,
  string,
  struct,
  uuid,
} from './schema.ts'
import { Writer } from './writer.ts'

const sample = message({
  name: 'Sample',
  versions: [0, 4],
  flexibleFrom: 3,
  schema: struct({
    name: string({ nullableSince: 2 }),
    old: string({ until: 1 }),
    hint: string({ since: 1, nullableSince: 1, default: null, ignorable: true }),
    limit: int64({ since: 2, default: -1 }),
    items: array(struct({ id: int32(), flag: boolean({ since: 2 }) }), { nullableSince: 1 }),
    leader: struct({ id: int32({ default: -1 }), topic: uuid({ since: 4 }) }, { since: 3, tag: 2 }),
    tags: array(string(), { since: 3, tag: 0 }),
    data: records({ since: 4, nullableSince: 4 }),
    rate: float64({ since: 4, default: 0.5 }),
  }),
})

function encode<F extends Field>(of: Message<F>, version: number, value: Encodable<F>): Buffer {
  const writer = new Writer()
  of.write(writer, version, value)
  return Buffer.concat(writer.finish())
}

function roundTrip(version: number, value: Encodable<(typeof sample)['schema']>) {
  return sample.read(new Reader(encode(sample, version, value)), version)
}

describe('a schema', () => {
  it('gives the types of what is decoded and of what may be encoded', () => {
    expectTypeOf<Decoded<(typeof sample)['schema']>>().toEqualTypeOf<{
      name: string | null
      old: string
      hint: string | null
      limit: number
      items: { id: number; flag: boolean }[] | null
      leader: { id: number; topic: string }
      tags: string[]
      data: Buffer | null
      rate: number
    }>()
    expectTypeOf({ name: 'a', items: [{ id: 1 }] }).toExtend<Encodable<(typeof sample)['schema']>>()
    expectTypeOf({ name: 'a' }).not.toExtend<Encodable<(typeof sample)['schema']>>()
  })

  it('fills in defaults for what a version lacks or the sender left out', () => {
    const expected = {
      name: 'a',
      old: '',
      hint: null,
      limit: -1,
      items: [{ id: 7, flag: false }],
      leader: { id: -1, topic: '00000000-0000-0000-0000-000000000000' },
      tags: [],
      rate: 0.5,
    }
    for (let version = 0; version <= 3; version++) {
      const data = Buffer.alloc(0)
      expect(roundTrip(version, { name: 'a', items: [{ id: 7 }] })).toEqual({ ...expected, data })
    }
  })

  it('gives every message its own defaults, so that changing one changes no other', () => {
    const first = roundTrip(0, { name: 'a', items: [] })
    first.tags.push('mine')
    first.leader.id = 5
    expect(roundTrip(0, { name: 'a', items: [] })).toMatchObject({ tags: [], leader: { id: -1 } })
  })

  it('sends tagged fields only when they differ from their default, in the order of their tags', () => {
    const plain = encode(sample, 3, { name: 'a', items: [] })
    expect(plain.toString('hex')).toBe('026100ffffffffffffffff0100')
    const tagged = encode(sample, 3, { name: 'a', items: [], leader: { id: 1 }, tags: ['x'] })
    expect(tagged.toString('hex')).toBe('026100ffffffffffffffff01020003020278020500000001' + '00')
  })

  it('skips tagged fields that it does not know', () => {
    const plain = encode(sample, 3, { name: 'a', items: [] })
    const unknown = Buffer.concat([plain.subarray(0, -1), Buffer.from('01e80703010203', 'hex')])
    expect(sample.read(new Reader(unknown), 3)).toEqual(roundTrip(3, { name: 'a', items: [] }))
  })

  it('takes records in pieces and gives them as one', () => {
    const pieces = [Buffer.alloc(3000, 1), Buffer.from('tail')]
    const read = roundTrip(4, { name: null, items: null, data: pieces })
    expect(read.data).toEqual(Buffer.concat(pieces))
    expect(read.items).toBeNull()
    expect(read.rate).toBe(0.5)
  })

  it('refuses what a version cannot carry, unless it may be ignored', () => {
    const refused = (version: number, value: Encodable<(typeof sample)['schema']>, where: string) =>
      expect(() => encode(sample, version, value)).toThrow(
        expect.objectContaining({ code: 'CANNOT_ENCODE', where }),
      )
    refused(1, { name: 'a', items: [], limit: 5 }, 'limit')
    refused(2, { name: 'a', items: [], old: 'x' }, 'old')
    refused(2, { name: 'a', items: [], tags: ['x'] }, 'tags')
    refused(1, { name: null, items: [] }, 'name')
    refused(0, { name: 'a', items: null }, 'items')
    refused(1, { name: 'a', items: [{ id: 1 }, { id: 2, flag: true }] }, 'items[1].flag')
    refused(2, { name: 'a', items: [{ id: 2 ** 40 }] }, 'items[0].id')
    expect(encode(sample, 0, { name: 'a', items: [], hint: 'dropped', limit: -1 })).toBeInstanceOf(Buffer)
  })

  it('names the field and the byte of what is malformed', () => {
    const bytes = encode(sample, 3, { name: 'a', items: [{ id: 1 }, { id: 2 }] })
    bytes[bytes.length - 2] = 0xff // so many tagged fields in the last item
    expect(() => sample.read(new Reader(bytes), 3)).toThrow(`items[1], byte ${bytes.length}`)
    expect(() => sample.read(new Reader(bytes.subarray(0, 15)), 3)).toThrow('items, byte 11')
    expect(() => sample.read(new Reader(bytes), 9)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }),
    )
  })

  it('is malformed when it holds more objects than anyone needs, in all its arrays together and in tags', () => {
    const many = message({
      name: 'Many',
      versions: [0, 0],
      flexibleFrom: 0,
      schema: struct({
        numbers: array(int32()),
        items: array(struct({ names: array(string()) })),
        tags: array(string(), { tag: 0 }),
      }),
    })
    const half = { names: Array.from({ length: 2 ** 18 }, () => '') }
    const numbers = Array.from({ length: 2 ** 20 }, () => 1)
    const read = (value: Encodable<typeof many.schema>) => many.read(new Reader(encode(many, 0, value)), 0)
    const tags = Array.from({ length: 2 ** 18 }, () => '')
    expect(read({ numbers, items: [half, half, half], tags: tags.slice(3) }).tags).toHaveLength(2 ** 18 - 3)
    expect(() => read({ numbers, items: [half, half, half], tags })).toThrow('tags, byte')
    expect(() => read({ numbers: [], items: [half, half, half, half] })).toThrow('items[3].names, byte')
  })
})
