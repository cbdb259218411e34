/** What is looked at in a client: the columns of the matrix, by their headings. */
import type { ForeignClient } from './foreign-client.ts'

export const features = {
  produce: 'produce',
  consume: 'consume',
  gzip: 'gzip',
  snappy: 'snappy',
  lz4: 'lz4',
  zstd: 'zstd',
  headers: 'headers',
  groups: 'groups',
  consumerProtocol: 'KIP-848',
  offsetsAt: 'offsets by time',
  admin: 'admin',
  idempotence: 'idempotence',
  transactions: 'transactions',
  readCommitted: 'read_committed',
} as const

export type Feature = keyof typeof features

/** What the client has, and so what is tested with it. */
export function featuresOf(client: ForeignClient): ReadonlySet<Feature> {
  const optional: Partial<Record<Feature, boolean>> = {
    consumerProtocol: client.groupProtocols.includes('consumer'),
    offsetsAt: client.offsetsAt !== undefined,
    admin: client.admin !== undefined,
    idempotence: client.isIdempotent,
    transactions: client.transactional !== undefined,
    readCommitted: client.readsCommitted,
  }
  const all = Object.keys(features) as Feature[]
  return new Set(all.filter((feature) => optional[feature] ?? true))
}

/** Kafka's tools by their usual names, with the class of each: what `kafka-tools.test.ts` and `transactions.test.ts` run. */
export const kafkaTools = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  TransactionalMessageCopier: 'org.apache.kafka.tools.TransactionalMessageCopier',
} as const
