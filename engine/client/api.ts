/**
 * What the client offers, interfaces only. Defaults are those of Kafka's Java clients unless noted.
 * Keys and values are bytes here; formats belong to the layers above.
 */
import type { MillraceError } from '../base/errors.ts'
import type { CompressionName } from '../environment/codecs.ts'
import type { TlsOptions } from '../environment/network.ts'
import type { Metric } from '../metrics/metric.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface Header {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface ProducerRecord {
  readonly topic: string
  /** Chosen by the partitioner when absent. */
  readonly partition?: number
  readonly key: Uint8Array | null
  /** null is a tombstone. */
  readonly value: Uint8Array | null
  /** The clock's time when absent. */
  readonly timestampMs?: number
  readonly headers?: readonly Header[]
}

export interface RecordMetadata extends TopicPartition {
  /** −1 with acks 0. */
  readonly offset: number
  readonly timestampMs: number
}

/** Key, value and headers are views into what was fetched: copy what is to be kept for long, or it keeps all of that. */
export interface ConsumerRecord extends TopicPartition {
  readonly offset: number
  readonly timestampMs: number
  readonly timestampType: 'create' | 'append'
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
  readonly leaderEpoch: number
  /** Bytes of key, value and headers. */
  readonly sizeBytes: number
}

export interface ConnectionOptions {
  /** `host:port`, at least one. */
  readonly bootstrap: readonly string[]
  readonly clientId?: string
  readonly requestTimeoutMs?: number
  readonly connectTimeoutMs?: number
  readonly retryBackoffMs?: number
  readonly retryBackoffMaxMs?: number
  readonly metadataMaxAgeMs?: number
  readonly tls?: TlsOptions
  /** How to sign in; without it the broker takes us for anybody. */
  readonly sasl?: SaslOptions
}

export interface PasswordSaslOptions {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

export interface OauthSaslOptions {
  readonly mechanism: 'OAUTHBEARER'
  /** A token, or how to get one: asked for each time that a connection signs in. */
  readonly token: string | (() => Promise<string>)
  /** KIP-342. */
  readonly extensions?: Readonly<Record<string, string>>
}

export type SaslOptions = PasswordSaslOptions | OauthSaslOptions

export type Partitioner =
  | 'default'
  | 'round-robin'
  | 'least-bytes'
  | ((record: ProducerRecord, partitions: number) => number)

export interface ProducerOptions extends ConnectionOptions {
  readonly acks?: 0 | 1 | 'all'
  /** Default true, which needs acks all. */
  readonly idempotence?: boolean
  readonly compression?: CompressionName
  readonly batchBytesMax?: number
  readonly lingerMs?: number
  readonly deliveryTimeoutMs?: number
  readonly requestBytesMax?: number
  readonly bufferBytesMax?: number
  readonly maxInFlight?: number
  readonly partitioner?: Partitioner
  /** By topic, above `partitioner`. */
  readonly partitioners?: ReadonlyMap<string, Partitioner>
  /** How long brokers may say that a topic does not exist before its records fail. Default 10 s. */
  readonly unknownTopicMsMax?: number
  /**
   * After the first record of a partition that fails, all behind it fail as well (EARLIER_RECORD_FAILED): what the partition
   * holds is without a hole. Only with idempotence, and for records that name their partition. Default false.
   */
  readonly stopAtFailure?: boolean
}

export interface Producer {
  /**
   * Takes the record into a batch. The promise settles with the broker's answer.
   * @throws MillraceError RECORD_TOO_LARGE, UNKNOWN_TOPIC, DELIVERY_TIMED_OUT, PRODUCER_CLOSED, or Kafka's own by name
   */
  send(record: ProducerRecord): Promise<RecordMetadata>
  /**
   * As `send` without a promise, for many records: what fails is told to `onError`, and to the next `flush`. Key,
   * value and headers are copied before it returns.
   */
  post(record: ProducerRecord, onError?: (error: MillraceError) => void): void
  /** True while the buffer is above its bound: callers that can, wait for `ready()` before sending more. */
  readonly full: boolean
  ready(): Promise<void>
  /** Sends what waits, and resolves when every record sent so far has been answered. Rejects with the first failure since the last flush. */
  flush(): Promise<void>
  /** As of now, by Kafka's names: `kafka.producer`, producer-metrics and producer-topic-metrics. */
  metrics(): Metric[]
  /** Sends what waits, for `timeoutMs` at most (the delivery timeout if left out); what is left then fails. */
  close(timeoutMs?: number): Promise<void>
}

export interface TransactionalProducerOptions extends ProducerOptions {
  /** Who has it last is the only one: every earlier producer of the same id is fenced. */
  readonly transactionalId: string
  /** After so long without an end the coordinator aborts a transaction. Default 60 s. */
  readonly transactionTimeoutMs?: number
}

/**
 * A producer whose records count together or not at all (KIP-98; version 2 of transactions, KIP-890, where the cluster has it).
 * Calls one after the other, but for `send` and `post`. After PRODUCER_FENCED and other errors that end it (see
 * `transactions.ts`) only `close` is left.
 */
export interface TransactionalProducer extends Producer {
  /** Once, before all else. @throws MillraceError Kafka's own by name, WRONG_TRANSACTION_STATE */
  initTransactions(): Promise<void>
  beginTransaction(): void
  /**
   * Offsets that are committed with the transaction, fenced by the consumer's place in its group (KIP-447).
   * @throws MillraceError ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID: abort, and do the work again
   */
  sendOffsetsToTransaction(
    offsets: ReadonlyArray<TopicPartition & OffsetAndMetadata>,
    group: ConsumerGroupMetadata,
  ): Promise<void>
  /** Sends what waits first. May be called again when it came to no end in time. @throws MillraceError TRANSACTION_MUST_ABORT, PRODUCER_FENCED */
  commitTransaction(): Promise<void>
  /** What was not sent yet fails with TRANSACTION_ABORTED. May be called again when it came to no end in time. */
  abortTransaction(): Promise<void>
}

export interface ConsumerGroupMetadata {
  readonly groupId: string
  /** −1 for who is not a member. */
  readonly generation: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export type Isolation = 'read_uncommitted' | 'read_committed'

export interface ConsumerOptions extends ConnectionOptions {
  readonly groupId?: string
  readonly groupInstanceId?: string
  readonly fetchBytesMin?: number
  readonly fetchBytesMax?: number
  readonly fetchWaitMsMax?: number
  readonly partitionFetchBytesMax?: number
  readonly recordsPerPollMax?: number
  /** Where to start without a committed offset; default 'latest', as in Kafka. */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none'
  /** Commits what the last poll before gave, at this interval; absent: only `commit`. */
  readonly autoCommitIntervalMs?: number
  readonly sessionTimeoutMs?: number
  readonly rebalanceTimeoutMs?: number
  readonly heartbeatIntervalMs?: number
  readonly isolation?: Isolation
  readonly assignors?: readonly PartitionAssignor[]
}

/** Client-side assignment of the classic group protocol. */
export interface PartitionAssignor {
  readonly name: string
  readonly protocol: 'eager' | 'cooperative'
  /** Extra bytes for this member's subscription. */
  userData?(owned: readonly TopicPartition[]): Uint8Array
  assign(
    members: readonly AssignorMember[],
    partitionCounts: ReadonlyMap<string, number>,
  ): ReadonlyMap<string, AssignorResult>
  onAssigned?(partitions: readonly TopicPartition[], userData: Uint8Array | null, generation: number): void
}

export interface AssignorMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
  readonly owned: readonly TopicPartition[]
  readonly userData: Uint8Array | null
}

export interface AssignorResult {
  readonly partitions: readonly TopicPartition[]
  readonly userData?: Uint8Array
}

export interface OffsetAndMetadata {
  /** Of the next record to read. */
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

export interface RebalanceListener {
  onAssigned?(partitions: readonly TopicPartition[]): void | Promise<void>
  /** Still owned: commit here. */
  onRevoked?(partitions: readonly TopicPartition[]): void | Promise<void>
  /** No longer owned. */
  onLost?(partitions: readonly TopicPartition[]): void | Promise<void>
}

export interface Consumer {
  subscribe(topics: readonly string[], listener?: RebalanceListener): void
  /** Without a group, or with one only for commits. */
  assign(partitions: readonly TopicPartition[]): void
  assignment(): readonly TopicPartition[]
  seek(partition: TopicPartition, offset: number): void
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /**
   * Records that are there, or what came within `timeoutMs`; in order of offset per partition. Rejects with the
   * signal's reason when aborted. Calls the rebalance listener; without polls a member leaves its group after
   * `rebalanceTimeoutMs`.
   */
  poll(timeoutMs: number, signal?: AbortSignal): Promise<ConsumerRecord[]>
  position(partition: TopicPartition): number | undefined
  /** Log end (or last stable) offset and log start as of the last fetch answer. */
  bounds(partition: TopicPartition): { logStartOffset: number; endOffset: number } | undefined
  /** Commits the given offsets, or the positions after the last poll. */
  commit(offsets?: ReadonlyArray<TopicPartition & OffsetAndMetadata>): Promise<void>
  committed(
    partitions: readonly TopicPartition[],
  ): Promise<ReadonlyArray<TopicPartition & { committed: OffsetAndMetadata | undefined }>>
  /** For KIP-447. */
  groupMetadata(): ConsumerGroupMetadata
  /** As of now, by Kafka's names: `kafka.consumer`, consumer-metrics, consumer-fetch-manager-metrics, consumer-coordinator-metrics. */
  metrics(): Metric[]
  close(): Promise<void>
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** The cluster's default when absent. */
  readonly replicationFactor?: number
  readonly configs?: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
}

export interface PartitionDescription {
  readonly partition: number
  /** −1: none. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface ClusterDescription {
  readonly clusterId: string
  /** −1: not known. */
  readonly controllerId: number
  readonly brokers: readonly { id: number; host: string; port: number; rack: string | null }[]
}

export type OffsetSpec = 'earliest' | 'latest' | 'max-timestamp' | { readonly timestampMs: number }

export interface GroupListing {
  readonly groupId: string
  readonly protocolType: string
  readonly state: string
  readonly type: string
}

export interface GroupDescription {
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly {
    memberId: string
    groupInstanceId: string | null
    clientId: string
    host: string
    assignment: readonly TopicPartition[]
  }[]
}

/** A broker by its id; the name empty stands for the default of all. */
export interface ConfigResource {
  readonly type: 'topic' | 'broker'
  readonly name: string
}

export interface ConfigChange {
  readonly name: string
  /** `append` and `subtract` are for lists. */
  readonly operation: 'set' | 'delete' | 'append' | 'subtract'
  /** Null with `delete`. */
  readonly value: string | null
}

export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly source: string
  readonly isDefault: boolean
  readonly readOnly: boolean
  readonly sensitive: boolean
  readonly documentation: string | null
}

export interface PartitionReassignment extends TopicPartition {
  /** All of now: those that stay, that come and that go. */
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

export interface ReplicaSize extends TopicPartition {
  readonly sizeBytes: number
  /** How far the log's end is past the high watermark, in records. */
  readonly offsetLag: number
}

/** The metadata quorum. Offsets are log ends. */
export interface QuorumDescription {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly { readonly id: number; readonly logEndOffset: number }[]
}

export interface Admin {
  describeCluster(): Promise<ClusterDescription>
  listTopics(): Promise<TopicDescription[]>
  /** @throws MillraceError UNKNOWN_TOPIC_OR_PARTITION */
  describeTopics(names: readonly string[]): Promise<TopicDescription[]>
  createTopics(topics: readonly TopicSpec[]): Promise<void>
  deleteTopics(names: readonly string[]): Promise<void>
  createPartitions(topic: string, totalCount: number): Promise<void>
  /** Records before `offset` go, −1: all that are replicated (KIP-107). @throws MillraceError OFFSET_OUT_OF_RANGE, POLICY_VIOLATION */
  deleteRecords(
    partitions: ReadonlyArray<TopicPartition & { offset: number }>,
  ): Promise<ReadonlyArray<TopicPartition & { lowWatermark: number }>>
  /** Null asks for all partitions. What cannot be done is told in the answers (KIP-460). */
  electLeaders(
    kind: 'preferred' | 'unclean',
    partitions: readonly TopicPartition[] | null,
  ): Promise<ReadonlyArray<TopicPartition & { error: string | undefined }>>
  /** Begins to move replicas; null cancels (KIP-455). @throws MillraceError INVALID_REPLICA_ASSIGNMENT, NO_REASSIGNMENT_IN_PROGRESS */
  reassignPartitions(
    changes: ReadonlyArray<TopicPartition & { replicas: readonly number[] | null }>,
  ): Promise<void>
  /** What is being moved. */
  listReassignments(): Promise<readonly PartitionReassignment[]>
  /** Bytes on the disk of one broker. */
  describeLogDirs(brokerId: number): Promise<readonly ReplicaSize[]>
  describeQuorum(): Promise<QuorumDescription>
  /** @param isolation with read_committed the latest is the last stable offset */
  listOffsets(
    partitions: ReadonlyArray<TopicPartition & { spec: OffsetSpec }>,
    isolation?: Isolation,
  ): Promise<ReadonlyArray<TopicPartition & { offset: number; timestampMs: number; leaderEpoch: number }>>
  listGroups(): Promise<GroupListing[]>
  describeGroups(groupIds: readonly string[]): Promise<GroupDescription[]>
  /** Has members leave that cannot do so themselves; those that are not there are passed over. At once, the group rebalances. */
  removeGroupMembers(groupId: string, memberIds: readonly string[]): Promise<void>
  /** Groups without members, with all that they committed. @throws MillraceError NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND */
  deleteGroups(groupIds: readonly string[]): Promise<void>
  /** @throws MillraceError GROUP_SUBSCRIBED_TO_TOPIC, GROUP_ID_NOT_FOUND */
  deleteGroupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void>
  groupOffsets(groupId: string): Promise<ReadonlyArray<TopicPartition & OffsetAndMetadata>>
  /** The group must be empty. */
  resetGroupOffsets(
    groupId: string,
    offsets: ReadonlyArray<TopicPartition & { offset: number }>,
  ): Promise<void>
  describeConfigs(resource: ConfigResource): Promise<ConfigEntry[]>
  /** All changes, or none (KIP-339). @throws MillraceError INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST */
  alterConfigs(resource: ConfigResource, changes: readonly ConfigChange[]): Promise<void>
  /** As of now, by Kafka's names: `kafka.admin.client`, admin-client-metrics. */
  metrics(): Metric[]
  close(): Promise<void>
}
