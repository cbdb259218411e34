export { type ClusterOptions, type ClusterTopic, EmbeddedCluster } from './embedded-cluster.ts'
export { embeddedDefaults } from './embedded-defaults.ts'
export type { BrokerMetricSet } from './metrics.ts'
export type { BrokerLife, BrokerStatus, ClusterStatus, PartitionStatus, TopicStatus } from './status.ts'
