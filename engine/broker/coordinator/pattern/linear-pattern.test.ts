import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LinearPattern } from './linear-pattern.ts'

test.each([
  ['orders', ['orders'], ['orders-v2', 'reorders', '']],
  ['^orders.*$', ['orders', 'orders-v2'], ['reorders']],
  ['(a|bc)+d?', ['a', 'abc', 'bcbcad'], ['', 'b', 'abdd']],
  ['[a-c_.]{2,3}', ['ab', 'c._'], ['a', 'abca', 'xy']],
  ['[^0-9]+', ['ab'], ['a1']],
  ['\\w+\\.\\d{2}', ['a_b.12'], ['a-b.12', 'ab12']],
  ['(?i)Orders', ['oRDERS'], ['order']],
  ['a(?i:b)c', ['aBc'], ['aBC']],
  ['(?P<name>x)(?:y|)', ['x', 'xy'], ['y']],
  ['\\Qa.b+\\E', ['a.b+'], ['aab', 'a.bb']],
  ['[[:alpha:]-]+', ['a-b'], ['a1']],
  ['\\x41\\x{1F600}', ['A😀'], ['A']],
  ['\\p{Greek}+', ['λόγος'.normalize('NFC')], ['logos']],
  ['.*\\bb', ['a-b', 'b'], ['ab']],
  ['a{,2}', ['a{,2}'], ['aa']],
  ['(a*)*', ['', 'aaa'], ['b']],
])('%s fits whole texts', (pattern, fitting, others) => {
  const linear = new LinearPattern(pattern)
  for (const text of fitting) expect([text, linear.matches(text)]).toEqual([text, true])
  for (const text of others) expect([text, linear.matches(text)]).toEqual([text, false])
})

test.each([
  '(',
  ')',
  '[',
  'a**',
  '*',
  'a{2,1}',
  'a{1001}',
  '(?=a)',
  '(a)\\1',
  '\\',
  '[b-a]',
  '[[:no:]]',
  '(?<a',
])('%s is refused', (pattern) => {
  const make = () => new LinearPattern(pattern)
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_REGULAR_EXPRESSION' }))
})

test('what would take for ever, or too much memory, is done at once or refused', () => {
  const startMs = performance.now()
  expect(new LinearPattern('(a*)*(a|aa)*b').matches('a'.repeat(249))).toBe(false)
  expect(new LinearPattern('(((a?){30}){30})').matches('a'.repeat(249))).toBe(true)
  expect(new LinearPattern('(((){1000}){1000}){1000}').matches('')).toBe(true)
  for (const huge of ['((a{1000}){1000}){1000}', '('.repeat(5000), `${'('.repeat(300)}${')'.repeat(300)}`]) {
    expect(() => new LinearPattern(huge)).toThrow(
      expect.objectContaining({ code: 'INVALID_REGULAR_EXPRESSION' }),
    )
  }
  expect(performance.now() - startMs).toBeLessThan(5000)
})

test('it says what the regular expressions of JavaScript say', () => {
  const atoms = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\b', '^', '$')
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { depthSize: 'small' },
      atoms,
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
      fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}')).map(([a, times]) => {
        return `(?:${a})${times}`
      }),
    ),
  }))
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), maxLength: 8 })
  fc.assert(
    fc.property(pattern, text, (given, name) => {
      const expected = new RegExp(`^(?:${given})$`).test(name)
      expect(new LinearPattern(given).matches(name)).toBe(expected)
    }),
    { numRuns: 3000 },
  )
})
