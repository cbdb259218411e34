/**
 * Metrics by the names that Apache Kafka gives them in its MBeans: `kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec`
 * has the attributes Count and OneMinuteRate; `kafka.producer:type=producer-metrics,client-id=a` has record-send-rate.
 */

/** An MBean: what its attributes have in common. */
export interface MetricGroup {
  /** Such as `kafka.server`. */
  readonly domain: string
  /** Such as `BrokerTopicMetrics` or `producer-metrics`. */
  readonly type: string
  /** Such as `BytesInPerSec`; clients' groups have none. */
  readonly name?: string
  /** In the order in which Kafka writes them. */
  readonly tags: Readonly<Record<string, string>>
}

/** One figure at one moment. */
export interface Metric extends MetricGroup {
  /** Such as `Count`, `99thPercentile` or `record-send-rate`. */
  readonly attribute: string
  /** NaN where there was nothing to make it of, as in Kafka: an average of no requests. */
  readonly value: number
}

const plain = /^[^,=:"*?\n]*$/

/** As JMX shows it: `kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec,topic=orders`. */
export function mbeanName({ domain, type, name, tags }: MetricGroup): string {
  const properties = [
    ['type', type],
    ...(name === undefined ? [] : [['name', name]]),
    ...Object.entries(tags),
  ]
  return `${domain}:${properties.map(([key, value]) => `${key}=${quoted(value!)}`).join(',')}`
}

/** Values with characters that would end them stand in quotes, as `ObjectName.quote` does it. */
function quoted(value: string): string {
  if (plain.test(value)) return value
  return `"${value.replaceAll(/[\\"*?]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
