import type { Histogram } from './histogram.ts'
import type { Meter } from './meter.ts'
import type { Metric, MetricGroup } from './metric.ts'

/** The attributes of one group. */
export function attributes(group: MetricGroup, values: Readonly<Record<string, number>>): Metric[] {
  return Object.entries(values).map(([attribute, value]) => ({ ...group, attribute, value }))
}

/** As brokers show a figure that is looked up when it is asked for. */
export function gauge(group: MetricGroup, value: number): Metric {
  return { ...group, attribute: 'Value', value }
}

export function meterMetrics(group: MetricGroup, meter: Meter, nowMs: number): Metric[] {
  const [one, five, fifteen] = meter.ratesPerSec(nowMs)
  return attributes(group, {
    Count: meter.count,
    MeanRate: meter.meanPerSec(nowMs),
    OneMinuteRate: one,
    FiveMinuteRate: five,
    FifteenMinuteRate: fifteen,
  })
}

const quantiles = [0.5, 0.75, 0.95, 0.99, 0.999]

export function histogramMetrics(group: MetricGroup, histogram: Histogram, nowMs: number): Metric[] {
  const [p50, p75, p95, p99, p999] = histogram.percentiles(quantiles, nowMs)
  return attributes(group, {
    Count: histogram.count,
    Min: histogram.min,
    Max: histogram.max,
    Mean: histogram.mean,
    '50thPercentile': p50!,
    '75thPercentile': p75!,
    '95thPercentile': p95!,
    '99thPercentile': p99!,
    '999thPercentile': p999!,
  })
}
