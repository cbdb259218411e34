import { expect, it } from 'vitest'
import { Histogram } from './histogram.ts'

const quantiles = [0.5, 0.99, 0.999]

it('percentiles are within three hundredths of the exact ones, whatever the scale', () => {
  for (const scale of [0.02, 1, 500, 40_000]) {
    const histogram = new Histogram(0)
    for (let i = 1; i <= 10_000; i++) histogram.record((i / 10_000) * scale, 0)
    const found = histogram.percentiles(quantiles, 0)
    for (const [i, quantile] of quantiles.entries()) {
      const exact = quantile * scale
      expect(Math.abs(found[i]! - exact) / exact).toBeLessThan(0.03)
    }
    expect([histogram.count, histogram.max]).toEqual([10_000, scale])
    expect(histogram.min).toBeCloseTo(scale / 10_000, 9)
    expect(histogram.mean).toBeCloseTo((scale * 1.0001) / 2, 6)
  }
})

it('forgets what is older than ten minutes, and keeps what is younger than five', () => {
  const histogram = new Histogram(0)
  for (let i = 0; i < 100; i++) histogram.record(1000, 1000)
  for (let i = 0; i < 100; i++) histogram.record(10, 301_000)
  const [, p99] = histogram.percentiles(quantiles, 302_000)
  expect(p99).toBeCloseTo(1000, -2)
  expect(histogram.percentiles([0.99], 601_000)[0]).toBeCloseTo(10, 0)
  expect(histogram.percentiles(quantiles, 1_300_000)).toEqual([0, 0, 0])
  expect(histogram.count).toBe(200)
})

it('takes zero, and what is larger than any bucket', () => {
  const histogram = new Histogram(0)
  histogram.record(0, 0)
  expect(histogram.percentiles([0.5], 0)).toEqual([0])
  histogram.record(1e12, 0)
  expect(histogram.percentiles([0.999], 0)[0]).toBeGreaterThan(6e7)
})
