import { expect, it } from 'vitest'
import { Meter } from './meter.ts'

it('shows the rate of the first five seconds, then fades over minutes', () => {
  const meter = new Meter(0)
  for (let nowMs = 0; nowMs < 5000; nowMs += 50) meter.mark(10, nowMs)
  expect(meter.ratesPerSec(4999)).toEqual([0, 0, 0])
  for (const rate of meter.ratesPerSec(5000)) expect(rate).toBeCloseTo(200, 9)
  const [one, five, fifteen] = meter.ratesPerSec(65_000)
  expect(one).toBeCloseTo(200 / Math.E, 6)
  expect(five).toBeCloseTo(200 * Math.exp(-1 / 5), 6)
  expect(fifteen).toBeCloseTo(200 * Math.exp(-1 / 15), 6)
  expect([meter.count, meter.meanPerSec(10_000)]).toEqual([1000, 100])
})

it('is the same however seldom it is read', () => {
  const [often, seldom] = [new Meter(0), new Meter(0)]
  for (let nowMs = 0; nowMs < 120_000; nowMs += 700) {
    if (nowMs > 40_000 && nowMs < 90_000) continue
    often.mark(nowMs % 13, nowMs)
    seldom.mark(nowMs % 13, nowMs)
    often.ratesPerSec(nowMs + 300)
  }
  for (const [i, rate] of often.ratesPerSec(121_000).entries())
    expect(rate).toBeCloseTo(seldom.ratesPerSec(121_000)[i]!, 9)
})
