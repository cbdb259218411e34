import { expect, it } from 'vitest'
import { Replacements } from './replacements.ts'

const minuteMs = 60_000

it('threads are replaced five times within five minutes, and no sixth time', () => {
  const replacements = new Replacements()
  const taken = [0, 1, 2, 3, 4, 4.9].map((minute) => replacements.take(minute * minuteMs))
  expect(taken).toEqual([true, true, true, true, true, false])
})

it('a run that lasts for days may have more, now and then', () => {
  const replacements = new Replacements()
  for (let hour = 0; hour < 100; hour++) expect(replacements.take(hour * 60 * minuteMs)).toBe(true)
})

it('what was refused does not count', () => {
  const replacements = new Replacements()
  for (let n = 0; n < 5; n++) replacements.take(0)
  for (let n = 0; n < 9; n++) expect(replacements.take(4 * minuteMs)).toBe(false)
  expect(replacements.take(5 * minuteMs)).toBe(true)
})
