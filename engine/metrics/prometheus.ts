/**
 * Prometheus' text format (0.0.4), with the names that the example configuration of the JMX exporter for Kafka makes of the MBeans,
 * which dashboards for Kafka expect:
 *
 * | MBean and attribute                                      | Prometheus                                               |
 * |----------------------------------------------------------|----------------------------------------------------------|
 * | kafka.server type=BrokerTopicMetrics name=BytesInPerSec Count | kafka_server_brokertopicmetrics_bytesin_total        |
 * | … OneMinuteRate                                          | kafka_server_brokertopicmetrics_bytesinpersec_oneminuterate |
 * | kafka.server type=ReplicaManager name=PartitionCount Value | kafka_server_replicamanager_partitioncount             |
 * | kafka.network type=RequestMetrics name=TotalTimeMs Count | kafka_network_requestmetrics_totaltimems_count            |
 * | … 99thPercentile                                         | kafka_network_requestmetrics_totaltimems{quantile="0.99"} |
 * | kafka.producer type=producer-metrics record-send-rate    | kafka_producer_producer_metrics_record_send_rate          |
 *
 * Tags are labels.
 */
import type { Metric } from './metric.ts'

/** Metrics of one process, broker or client, and what tells them apart from the others'. */
export interface LabelledMetrics {
  readonly labels: Readonly<Record<string, string>>
  readonly metrics: readonly Metric[]
}

interface Family {
  readonly type: 'counter' | 'gauge'
  readonly lines: string[]
}

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

export function prometheusText(sets: readonly LabelledMetrics[]): string {
  const families = new Map<string, Family>()
  for (const { labels, metrics } of sets) {
    for (const metric of metrics) {
      const { name, type, quantile } = seriesOf(metric)
      const all = { ...labels, ...metric.tags, ...(quantile === undefined ? {} : { quantile }) }
      const family = families.get(name) ?? { type, lines: [] }
      families.set(name, family)
      family.lines.push(`${name}${labelText(all)} ${numberText(metric.value)}\n`)
    }
  }
  const names = [...families.keys()].sort()
  return names
    .map((name) => {
      const { type, lines } = families.get(name)!
      return `# TYPE ${name} ${type}\n${lines.join('')}`
    })
    .join('')
}

function seriesOf({ domain, type, name, attribute }: Metric): {
  readonly name: string
  readonly type: Family['type']
  readonly quantile?: string
} {
  const parts = name === undefined ? [domain, type] : [domain, type, name]
  const [, digits] = /^(\d+)thPercentile$/.exec(attribute) ?? []
  if (digits !== undefined) return { name: word(parts), type: 'gauge', quantile: `0.${digits}` }
  if (name?.endsWith('PerSec') && attribute === 'Count')
    return { name: `${word([domain, type, name.slice(0, -'PerSec'.length)])}_total`, type: 'counter' }
  if (name !== undefined && attribute === 'Value') return { name: word(parts), type: 'gauge' }
  const isTotal = attribute === 'Count' || attribute.endsWith('-total')
  return { name: word([...parts, attribute]), type: isTotal ? 'counter' : 'gauge' }
}

function word(parts: readonly string[]): string {
  return parts
    .join('_')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels)
  if (entries.length === 0) return ''
  const escaped = (value: string) =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `{${entries.map(([key, value]) => `${word([key])}="${escaped(value)}"`).join(',')}}`
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
