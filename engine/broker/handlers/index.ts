import { apiVersions } from '../../protocol/apis/api-versions.ts'
import type { RequestHeader } from '../../protocol/frames.ts'
import type { Handler } from '../server/handler.ts'
import { handleAddOffsetsToTxn } from './add-offsets-to-txn.ts'
import { handleAddPartitionsToTxn } from './add-partitions-to-txn.ts'
import { handleAlterClientQuotas } from './alter-client-quotas.ts'
import { handleAlterConfigs } from './alter-configs.ts'
import { handleAlterPartitionReassignments } from './alter-partition-reassignments.ts'
import { handleAlterUserScramCredentials } from './alter-user-scram-credentials.ts'
import { handleApiVersions } from './api-versions.ts'
import { handleConsumerGroupDescribe } from './consumer-group-describe.ts'
import { handleConsumerGroupHeartbeat } from './consumer-group-heartbeat.ts'
import { handleCreatePartitions } from './create-partitions.ts'
import { handleCreateTopics } from './create-topics.ts'
import { handleDeleteGroups } from './delete-groups.ts'
import { handleDeleteRecords } from './delete-records.ts'
import { handleDeleteTopics } from './delete-topics.ts'
import { handleDescribeClientQuotas } from './describe-client-quotas.ts'
import { handleDescribeCluster } from './describe-cluster.ts'
import { handleDescribeConfigs } from './describe-configs.ts'
import { handleDescribeGroups } from './describe-groups.ts'
import { handleDescribeLogDirs } from './describe-log-dirs.ts'
import { handleDescribeProducers } from './describe-producers.ts'
import { handleDescribeQuorum } from './describe-quorum.ts'
import { handleDescribeTopicPartitions } from './describe-topic-partitions.ts'
import { handleDescribeTransactions } from './describe-transactions.ts'
import { handleDescribeUserScramCredentials } from './describe-user-scram-credentials.ts'
import { handleElectLeaders } from './elect-leaders.ts'
import { handleEndTxn } from './end-txn.ts'
import { handleFetch } from './fetch.ts'
import { handleFindCoordinator } from './find-coordinator.ts'
import { handleHeartbeat } from './heartbeat.ts'
import { handleIncrementalAlterConfigs } from './incremental-alter-configs.ts'
import { handleInitProducerId } from './init-producer-id.ts'
import { handleJoinGroup } from './join-group.ts'
import { handleLeaveGroup } from './leave-group.ts'
import { handleListGroups } from './list-groups.ts'
import { handleListOffsets } from './list-offsets.ts'
import { handleListPartitionReassignments } from './list-partition-reassignments.ts'
import { handleListTransactions } from './list-transactions.ts'
import { handleMetadata } from './metadata.ts'
import { handleOffsetCommit } from './offset-commit.ts'
import { handleOffsetDelete } from './offset-delete.ts'
import { handleOffsetFetch } from './offset-fetch.ts'
import { handleOffsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { handleProduce } from './produce.ts'
import { handleSaslAuthenticate } from './sasl-authenticate.ts'
import { handleSaslHandshake } from './sasl-handshake.ts'
import { handleSyncGroup } from './sync-group.ts'
import { handleTxnOffsetCommit } from './txn-offset-commit.ts'
import { handleUpdateFeatures } from './update-features.ts'
import { handleWriteTxnMarkers } from './write-txn-markers.ts'

const others: readonly Handler[] = [
  handleProduce,
  handleFetch,
  handleListOffsets,
  handleMetadata,
  handleOffsetCommit,
  handleOffsetFetch,
  handleFindCoordinator,
  handleJoinGroup,
  handleHeartbeat,
  handleLeaveGroup,
  handleSyncGroup,
  handleDescribeGroups,
  handleListGroups,
  handleDeleteGroups,
  handleOffsetDelete,
  handleConsumerGroupHeartbeat,
  handleConsumerGroupDescribe,
  handleCreateTopics,
  handleDeleteTopics,
  handleInitProducerId,
  handleAddPartitionsToTxn,
  handleAddOffsetsToTxn,
  handleEndTxn,
  handleTxnOffsetCommit,
  handleWriteTxnMarkers,
  handleDescribeProducers,
  handleDescribeTransactions,
  handleListTransactions,
  handleOffsetForLeaderEpoch,
  handleDescribeConfigs,
  handleAlterConfigs,
  handleIncrementalAlterConfigs,
  handleCreatePartitions,
  handleDescribeCluster,
  handleAlterPartitionReassignments,
  handleDeleteRecords,
  handleDescribeLogDirs,
  handleDescribeQuorum,
  handleDescribeTopicPartitions,
  handleElectLeaders,
  handleListPartitionReassignments,
  handleSaslHandshake,
  handleSaslAuthenticate,
  handleDescribeUserScramCredentials,
  handleAlterUserScramCredentials,
  handleDescribeClientQuotas,
  handleAlterClientQuotas,
  handleUpdateFeatures,
]

/** What is served, and so what ApiVersions says. */
export const servedApis = [...others.map(({ api }) => api), apiVersions].sort((a, b) => a.key - b.key)

const byKey = new Map<number, Handler>(others.map((handler) => [handler.api.key, handler]))
byKey.set(apiVersions.key, handleApiVersions(servedApis))

/** Undefined for an API, or a version of it, that is not served. */
export function handlerFor({ apiKey, apiVersion }: RequestHeader): Handler | undefined {
  const found = byKey.get(apiKey)
  if (!found || apiVersion < found.api.versions[0] || apiVersion > found.api.versions[1]) return undefined
  return found
}
