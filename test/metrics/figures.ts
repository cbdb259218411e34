import { type Metric, mbeanName } from '../../engine/metrics/index.ts'

/** Looks figures up as JMX would: by MBean and attribute. */
export function figuresOf(metrics: readonly Metric[]): (mbean: string, attribute: string) => number {
  return (mbean, attribute) => {
    const found = metrics.filter((metric) => metric.attribute === attribute && mbeanName(metric) === mbean)
    if (found.length !== 1) throw new Error(`${found.length} times ${attribute} of ${mbean}`)
    return found[0]!.value
  }
}
