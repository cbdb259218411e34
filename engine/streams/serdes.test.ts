import { describe, expect, test } from 'vitest'
import type { SerdeName } from './plan.ts'
import { jsonSerde, serdeNamed } from './serdes.ts'

describe('formats', () => {
  const values: [SerdeName, unknown][] = [
    ['json', { a: [1, null, 'x'] }],
    ['json', ''],
    ['json', 'plain'],
    ['json', 'with "quotes", \\ and \n line ends'],
    ['json', 'ü'.repeat(100)],
    ['string', 'no "quotes" added'],
    ['bytes', Buffer.from([0, 255, 7])],
    ['windowed-json', { key: 'a', windowStartMs: 0, windowEndMs: 10 }],
  ]
  test.each(values)('%s gives back %j', (name, value) => {
    const serde = serdeNamed(name)
    expect(serde.deserialize(serde.serialize(value))).toEqual(value)
  })

  test.each(['"', '"a"b"', '"a', 'a"', '"\n"', '"\\x"', '{'])('the text %j is not JSON', (text) => {
    expect(() => jsonSerde.deserialize(Buffer.from(text))).toThrow(SyntaxError)
  })

  test('what does not fit a format is refused, not bent', () => {
    expect(() => jsonSerde.serialize(() => 1)).toThrow('a function does not fit the format json')
    expect(() => serdeNamed('bytes').serialize('text')).toThrow('does not fit the format bytes')
    expect(() => serdeNamed('windowed-json').serialize({ key: 'a' })).toThrow('without window bounds')
    expect(() => serdeNamed('windowed-json').deserialize(Buffer.from('"a"'))).toThrow('without window bounds')
  })
})
