import { createPartitions as createPartitionsApi } from '../../protocol/apis/create-partitions.ts'
import { createTopics as createTopicsApi } from '../../protocol/apis/create-topics.ts'
import { deleteTopics as deleteTopicsApi } from '../../protocol/apis/delete-topics.ts'
import { metadata as metadataApi } from '../../protocol/apis/metadata.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { TopicDescription, TopicSpec } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { type MetadataAnswer, topicInfo } from '../cluster/metadata-cache.ts'
import { retrying } from '../cluster/retrying.ts'
import { checkCode } from '../kafka-error.ts'
import { checkControllerCode, checkNamed, requestController } from './routing.ts'

/** How long to wait until brokers have heard of what the controller has done. */
const visibleMsMax = 10_000
const visiblePauseMs = 20

export async function listTopics(cluster: ClusterClient): Promise<TopicDescription[]> {
  const answer = await fetchTopics(cluster, null)
  return answer.topics.filter((topic) => topic.errorCode === 0).map(topicInfo)
}

export async function describeTopics(
  cluster: ClusterClient,
  names: readonly string[],
): Promise<TopicDescription[]> {
  if (names.length === 0) return []
  const answer = await fetchTopics(cluster, names)
  for (const topic of answer.topics) {
    // A partition without a leader is part of the description, not a failure.
    if (topic.errorCode !== errorCodes.LEADER_NOT_AVAILABLE) checkCode(topic.errorCode, topic.name ?? '')
  }
  const order = new Map(names.map((name, index) => [name, index]))
  return answer.topics.map(topicInfo).sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0))
}

export async function createTopics(cluster: ClusterClient, topics: readonly TopicSpec[]): Promise<void> {
  if (topics.length === 0) return
  const { requestTimeoutMs } = cluster.settings
  const body = {
    topics: topics.map((topic) => ({
      name: topic.name,
      numPartitions: topic.partitions,
      replicationFactor: topic.replicationFactor ?? -1,
      assignments: [],
      configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
    })),
    timeoutMs: requestTimeoutMs,
  }
  // A request of which the answer was lost may have been carried out.
  let tries = 0
  await retrying(cluster, requestTimeoutMs, async () => {
    const isRepeated = tries++ > 0
    const answer = await requestController(cluster, createTopicsApi, body)
    for (const topic of answer.topics) {
      if (isRepeated && topic.errorCode === errorCodes.TOPIC_ALREADY_EXISTS) continue
      checkControllerCode(cluster, topic.errorCode, topic.name, topic.errorMessage)
    }
  })
  const partitions = new Map(topics.map((topic) => [topic.name, Math.max(1, topic.partitions)]))
  await untilVisible(cluster, [...partitions.keys()], (topic) => {
    const count = partitions.get(topic.name ?? '') ?? 1
    return topic.errorCode === 0 && hasLeaders(topic) && topic.partitions.length >= count
  })
}

export async function deleteTopics(cluster: ClusterClient, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  const timeoutMs = cluster.settings.requestTimeoutMs
  let tries = 0
  await retrying(cluster, timeoutMs, async () => {
    const isRepeated = tries++ > 0
    const answer = await requestController(cluster, deleteTopicsApi, (version) =>
      version >= 6
        ? { topics: names.map((name) => ({ name })), timeoutMs }
        : { topicNames: [...names], timeoutMs },
    )
    for (const topic of answer.responses) {
      if (isRepeated && topic.errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue
      checkNamed(cluster, topic.errorCode, topic.name ?? '', topic.errorMessage)
    }
  })
  await untilVisible(cluster, names, (topic) => topic.errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
}

export async function createPartitions(
  cluster: ClusterClient,
  topic: string,
  totalCount: number,
): Promise<void> {
  const timeoutMs = cluster.settings.requestTimeoutMs
  await retrying(cluster, timeoutMs, async () => {
    const answer = await requestController(cluster, createPartitionsApi, {
      topics: [{ name: topic, count: totalCount, assignments: null }],
      timeoutMs,
      validateOnly: false,
    })
    for (const result of answer.results) {
      checkControllerCode(cluster, result.errorCode, result.name, result.errorMessage)
    }
  })
  const isThere = (found: TopicAnswer) => hasLeaders(found) && found.partitions.length >= totalCount
  await untilVisible(cluster, [topic], isThere)
}

type TopicAnswer = MetadataAnswer['topics'][number]

function hasLeaders(topic: TopicAnswer): boolean {
  return topic.partitions.length > 0 && topic.partitions.every((partition) => partition.leaderId >= 0)
}

function fetchTopics(cluster: ClusterClient, names: readonly string[] | null): Promise<MetadataAnswer> {
  return retrying(cluster, cluster.settings.requestTimeoutMs, () => cluster.fetchMetadata(names, false))
}

/**
 * The controller has decided; brokers learn of it a moment later. Waiting for them here spares every caller a retry.
 * What takes longer than that is left to the callers' own retries.
 */
async function untilVisible(
  cluster: ClusterClient,
  names: readonly string[],
  isDone: (topic: TopicAnswer) => boolean,
): Promise<void> {
  const { clock, timers } = cluster.environment
  const deadlineMs = clock.monotonicMs() + visibleMsMax
  for (;;) {
    const answers = await everywhere(cluster, names)
    const isVisible = answers.every((answer) => answer.topics.every(isDone))
    if (isVisible || clock.monotonicMs() >= deadlineMs) return
    await timers.sleep(visiblePauseMs)
  }
}

/** What each broker that can be reached says. */
async function everywhere(cluster: ClusterClient, names: readonly string[]): Promise<MetadataAnswer[]> {
  const ask = { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false }
  const answers = await Promise.allSettled(
    [...cluster.metadata.brokers.keys()].map((id) => cluster.request(id, metadataApi, ask)),
  )
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}
