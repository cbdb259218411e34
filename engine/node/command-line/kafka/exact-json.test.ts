import { expect, it } from 'vitest'
import { parsedIfExact, parsedWithBigInts } from './exact-json.ts'

it.each([
  '1.50',
  '1e3',
  '100',
  '-0.25',
  '{"a":[9007199254740992,0.1,1E+2,0,0.0]}',
  '1.7976931348623157e308',
  '"x"',
])('%s is held as it is', (text) => expect(parsedIfExact(text)).toEqual({ value: JSON.parse(text) }))

it.each([
  '9007199254740993',
  '[0.1234567890123456789]',
  '{"a":{"b":-12345678901234567890}}',
  '1e400',
  '1e-400',
])('%s is not', (text) => expect(parsedIfExact(text)).toBeUndefined())

it('whole numbers that are too large become BigInt, all else stays', () => {
  expect(parsedWithBigInts('{"a":9007199254740993,"b":5,"c":1.5,"d":"9007199254740993"}')).toEqual({
    a: 9007199254740993n,
    b: 5,
    c: 1.5,
    d: '9007199254740993',
  })
})
