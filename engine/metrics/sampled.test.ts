import { expect, it } from 'vitest'
import { Sampled } from './sampled.ts'

it('a rate in the first window is over that window and one more, so that a start is no burst', () => {
  const sent = new Sampled(1000)
  sent.record(600, 1000)
  expect(sent.ratePerSec(1000)).toBe(20) // 600 in the 30 s that are taken for granted
  expect(sent.ratePerSec(11_000)).toBe(15) // in 40 s
})

it('a steady stream has its own rate once a full window has passed', () => {
  const sent = new Sampled(0)
  for (let nowMs = 0; nowMs < 45_000; nowMs += 100) sent.record(5, nowMs)
  expect(sent.ratePerSec(45_000)).toBeCloseTo(50, 6)
  expect(sent.eventsPerSec(45_000)).toBeCloseTo(10, 6)
})

it('what is older than the two windows no longer counts, but for the totals', () => {
  const sent = new Sampled(0)
  sent.record(7, 100)
  expect([sent.avg(200), sent.max(200)]).toEqual([7, 7])
  expect(sent.ratePerSec(60_200)).toBe(0)
  expect([sent.avg(60_200), sent.max(60_200)]).toEqual([Number.NaN, Number.NaN])
  expect([sent.total, sent.totalCount]).toEqual([7, 1])
})

it('the older window is forgotten when the newer one is full', () => {
  const sent = new Sampled(0)
  sent.record(90, 0)
  sent.record(10, 30_000)
  expect(sent.max(30_000)).toBe(90)
  sent.record(20, 60_000)
  expect(sent.max(60_000)).toBe(20)
  expect(sent.avg(60_000)).toBe(15)
})
