import type { Metric } from '../metrics/index.ts'
import type { ObservedBroker } from './status.ts'

export interface BrokerMetricSet {
  readonly broker: number
  readonly metrics: readonly Metric[]
}

export function clusterMetrics(observed: readonly ObservedBroker[]): BrokerMetricSet[] {
  const ends = highWatermarks(observed)
  return observed.flatMap(({ id, broker }) => {
    if (!broker?.view) return []
    return [{ broker: id, metrics: [...broker.readMetrics(), ...groupLags(broker, ends)] }]
  })
}

/** Of every partition as its leader has it, by topic and partition. */
function highWatermarks(observed: readonly ObservedBroker[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const { broker } of observed) {
    for (const replica of broker?.view?.replicas.all() ?? []) {
      if (replica.isOpen && replica.leader) found.set(replica.name, replica.highWatermark)
    }
  }
  return found
}

/**
 * Of the groups that this broker coordinates: records between what is committed and the high watermark. Kafka has no such MBean;
 * it goes by the name that kafka_exporter has made known, `kafka_consumergroup_lag`.
 */
function groupLags(
  broker: NonNullable<ObservedBroker['broker']>,
  ends: ReadonlyMap<string, number>,
): Metric[] {
  return [...broker.groups.offsets.all()].flatMap(({ groupId, topic, partition, offset }) => {
    const end = ends.get(`${topic}-${partition}`)
    if (end === undefined) return []
    const tags = { consumergroup: groupId, topic, partition: String(partition) }
    return [
      { domain: 'kafka', type: 'consumergroup', tags, attribute: 'lag', value: Math.max(0, end - offset) },
    ]
  })
}
