import { alterPartitionReassignments } from '../../protocol/apis/alter-partition-reassignments.ts'
import { deleteRecords as deleteRecordsApi } from '../../protocol/apis/delete-records.ts'
import { describeLogDirs as describeLogDirsApi } from '../../protocol/apis/describe-log-dirs.ts'
import { describeQuorum as describeQuorumApi } from '../../protocol/apis/describe-quorum.ts'
import { electionTypes, electLeaders as electLeadersApi } from '../../protocol/apis/elect-leaders.ts'
import { listPartitionReassignments } from '../../protocol/apis/list-partition-reassignments.ts'
import { errorOf } from '../../protocol/error-codes.ts'
import type { PartitionReassignment, QuorumDescription, ReplicaSize, TopicPartition } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { retrying } from '../cluster/retrying.ts'
import { checkCode, notInAnswer, showsStaleMetadata } from '../kafka-error.ts'
import { groupByTopic } from '../offsets/by-topic.ts'
import { checkControllerCode, checkNamed, requestController } from './routing.ts'

const metadataTopic = '__cluster_metadata'

/** Each leader cuts its own. */
export function deleteRecords(
  cluster: ClusterClient,
  partitions: ReadonlyArray<TopicPartition & { offset: number }>,
): Promise<(TopicPartition & { lowWatermark: number })[]> {
  return Promise.all(partitions.map((partition) => deleteIn(cluster, partition)))
}

function deleteIn(
  cluster: ClusterClient,
  { topic, partition, offset }: TopicPartition & { offset: number },
): Promise<TopicPartition & { lowWatermark: number }> {
  const timeoutMs = cluster.settings.requestTimeoutMs
  const name = `${topic}-${partition}`
  return retrying(cluster, timeoutMs, async () => {
    const answer = await cluster.fetchMetadata([topic], false)
    const found = answer.topics.find((one) => one.name === topic)
    checkNamed(cluster, found?.errorCode ?? 0, topic, null)
    const leader = found?.partitions.find((one) => one.partitionIndex === partition)?.leaderId ?? -1
    if (!cluster.metadata.brokers.has(leader)) await cluster.refresh()
    const topics = [{ name: topic, partitions: [{ partitionIndex: partition, offset }] }]
    const deleted = await cluster.request(leader, deleteRecordsApi, { topics, timeoutMs })
    const result = deleted.topics[0]?.partitions[0]
    if (result === undefined) throw notInAnswer(name)
    if (showsStaleMetadata(result.errorCode)) cluster.refreshSoon()
    checkCode(result.errorCode, name)
    return { topic, partition, lowWatermark: result.lowWatermark }
  })
}

export function electLeaders(
  cluster: ClusterClient,
  kind: 'preferred' | 'unclean',
  partitions: readonly TopicPartition[] | null,
): Promise<(TopicPartition & { error: string | undefined })[]> {
  const timeoutMs = cluster.settings.requestTimeoutMs
  const topicPartitions =
    partitions &&
    groupByTopic(partitions).map(([topic, group]) => ({
      topic,
      partitions: group.map(({ partition }) => partition),
    }))
  return retrying(cluster, timeoutMs, async () => {
    const electionType = electionTypes[kind]
    const answer = await requestController(cluster, electLeadersApi, {
      electionType,
      topicPartitions,
      timeoutMs,
    })
    checkControllerCode(cluster, answer.errorCode, 'the controller')
    return answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId, errorCode }) => ({
        topic,
        partition: partitionId,
        error: errorCode === 0 ? undefined : errorOf(errorCode).name,
      })),
    )
  })
}

export async function reassignPartitions(
  cluster: ClusterClient,
  changes: ReadonlyArray<TopicPartition & { replicas: readonly number[] | null }>,
): Promise<void> {
  const timeoutMs = cluster.settings.requestTimeoutMs
  const topics = groupByTopic(changes).map(([name, group]) => ({
    name,
    partitions: group.map(({ partition, replicas }) => ({
      partitionIndex: partition,
      replicas: replicas && [...replicas],
    })),
  }))
  await retrying(cluster, timeoutMs, async () => {
    const answer = await requestController(cluster, alterPartitionReassignments, { topics, timeoutMs })
    checkControllerCode(cluster, answer.errorCode, 'the controller', answer.errorMessage)
    for (const { name, partitions } of answer.responses) {
      for (const { partitionIndex, errorCode, errorMessage } of partitions) {
        checkNamed(cluster, errorCode, `${name}-${partitionIndex}`, errorMessage)
      }
    }
  })
}

export function listReassignments(cluster: ClusterClient): Promise<PartitionReassignment[]> {
  const timeoutMs = cluster.settings.requestTimeoutMs
  return retrying(cluster, timeoutMs, async () => {
    const answer = await requestController(cluster, listPartitionReassignments, { topics: null, timeoutMs })
    checkControllerCode(cluster, answer.errorCode, 'the controller', answer.errorMessage)
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) => ({
        topic: name,
        partition: partitionIndex,
        replicas,
        adding: addingReplicas,
        removing: removingReplicas,
      })),
    )
  })
}

export function describeLogDirs(cluster: ClusterClient, brokerId: number): Promise<ReplicaSize[]> {
  return retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    if (!cluster.metadata.brokers.has(brokerId)) await cluster.refresh()
    const answer = await cluster.request(brokerId, describeLogDirsApi, { topics: null })
    checkCode(answer.errorCode, `broker ${brokerId}`)
    return answer.results.flatMap(({ errorCode, logDir, topics }) => {
      checkCode(errorCode, logDir)
      return topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, partitionSize, offsetLag }) => ({
          topic: name,
          partition: partitionIndex,
          sizeBytes: partitionSize,
          offsetLag,
        })),
      )
    })
  })
}

export function describeQuorum(cluster: ClusterClient): Promise<QuorumDescription> {
  const topics = [{ topicName: metadataTopic, partitions: [{ partitionIndex: 0 }] }]
  return retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const answer = await cluster.requestAny(describeQuorumApi, { topics })
    checkCode(answer.errorCode, metadataTopic, answer.errorMessage)
    const quorum = answer.topics[0]?.partitions[0]
    if (quorum === undefined) throw notInAnswer(metadataTopic)
    checkCode(quorum.errorCode, metadataTopic)
    const { leaderId, leaderEpoch, highWatermark, currentVoters } = quorum
    const voters = currentVoters.map(({ replicaId, logEndOffset }) => ({ id: replicaId, logEndOffset }))
    return { leaderId, leaderEpoch, highWatermark, voters }
  })
}
