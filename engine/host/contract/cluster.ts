/** The embedded cluster: brokers, topics, and metrics. */
import * as z from 'zod/mini'
import { method, nothing } from './method.ts'

const brokerState = z.object({
  id: z.number(),
  address: z.string(),
  state: z.enum(['starting', 'running', 'stopped', 'killed']),
  controller: z.boolean(),
  leaders: z.number(),
  replicas: z.number(),
  bytesInPerSec: z.number(),
  bytesOutPerSec: z.number(),
})

const partitionState = z.object({
  partition: z.number(),
  leader: z.number(),
  leaderEpoch: z.number(),
  replicas: z.array(z.number()),
  inSyncReplicas: z.array(z.number()),
  logStartOffset: z.number(),
  highWatermark: z.number(),
})

const topicState = z.object({
  name: z.string(),
  internal: z.boolean(),
  partitions: z.array(partitionState),
  sizeBytes: z.optional(z.number()),
})

export const clusterState = z.object({
  bootstrap: z.array(z.string()),
  clusterId: z.string(),
  brokers: z.array(brokerState),
  topics: z.array(topicState),
  underReplicatedPartitions: z.number(),
  offlinePartitions: z.number(),
})

/** One figure by Kafka's names: `kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec`, attribute `OneMinuteRate`. */
const metric = z.object({
  domain: z.string(),
  type: z.string(),
  name: z.optional(z.string()),
  tags: z.record(z.string(), z.string()),
  attribute: z.string(),
  value: z.number(),
})

const metricSet = z.object({ broker: z.number(), metrics: z.array(metric) })

export const clusterMethods = {
  'cluster.state': method(nothing, z.object({ cluster: z.optional(clusterState) })),
  'cluster.start': method(nothing, clusterState),
  'cluster.killBroker': method(z.object({ broker: z.number() }), nothing),
  'cluster.stopBroker': method(z.object({ broker: z.number() }), nothing),
  'cluster.startBroker': method(z.object({ broker: z.number() }), nothing),
  /** Of every broker that is up, as of now; empty while the cluster is down. Only of the given domain and type, such as `kafka.server` and `ReplicaManager`. */
  'cluster.metrics': method(
    z.object({ domain: z.optional(z.string()), type: z.optional(z.string()) }),
    z.object({ brokers: z.array(metricSet) }),
  ),
} as const

export type ClusterState = z.infer<typeof clusterState>
export type TopicState = z.infer<typeof topicState>
export type BrokerState = z.infer<typeof brokerState>
export type BrokerMetricSet = z.infer<typeof metricSet>
