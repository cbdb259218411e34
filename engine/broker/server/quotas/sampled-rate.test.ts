import { expect, test } from 'vitest'
import { SampledRate } from './sampled-rate.ts'

const seconds = (count: number) => count * 1000

test('a burst within what ten seconds allow passes, and one above waits for the rest', () => {
  const rate = new SampledRate(11, 1000)
  rate.record(10_000, 0)
  expect(rate.throttleMs(1000, 0)).toBe(0)
  rate.record(5000, 0)
  // 15,000 in ten seconds at 1,000 a second: five seconds too early.
  expect(rate.throttleMs(1000, 0)).toBe(5000)
})

test('a steady stream just below the bound is never held up', () => {
  const rate = new SampledRate(11, 1000)
  for (let n = 0; n < 60; n++) {
    rate.record(990, seconds(n))
    expect(rate.throttleMs(1000, seconds(n) + 999)).toBe(0)
  }
})

test('twice the bound is held up, and what is taken back counts for nothing', () => {
  const rate = new SampledRate(11, 1000)
  for (let n = 0; n < 20; n++) rate.record(2000, seconds(n))
  const heldMs = rate.throttleMs(1000, seconds(20))
  expect(heldMs).toBeGreaterThan(5000)
  rate.record(50_000, seconds(20))
  rate.record(-50_000, seconds(20))
  expect(rate.throttleMs(1000, seconds(20))).toBe(heldMs)
})

test('what lies longer ago than the samples reach is forgotten', () => {
  const rate = new SampledRate(11, 1000)
  rate.record(1_000_000, 0)
  expect(rate.isIdle(seconds(10))).toBe(false)
  expect(rate.throttleMs(1, seconds(11))).toBe(0)
  expect(rate.isIdle(seconds(11))).toBe(true)
})
