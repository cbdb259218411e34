import { expect, test } from 'vitest'
import { durationParts, parseDuration } from './duration.ts'

test('a duration is shown in the largest unit that keeps it whole', () => {
  expect(
    [600_000, 90_000, 1500, 0, 86_400_000].map((value) => Object.values(durationParts(value)).join(' ')),
  ).toEqual(['10 min', '90 s', '1500 ms', '0 s', '1 d'])
})

test('what is typed counts in the shown unit unless it names its own', () => {
  expect(parseDuration('10', 'min')).toBe(600_000)
  expect(parseDuration('90s', 'min')).toBe(90_000)
  expect(parseDuration('1.5 h', 's')).toBe(5_400_000)
  expect(parseDuration('5m', 's')).toBe(300_000)
})

test('what is no duration is nothing', () => {
  expect([parseDuration('', 's'), parseDuration('ten', 's'), parseDuration('3 parsecs', 's')]).toEqual(
    Array(3).fill(undefined),
  )
})
