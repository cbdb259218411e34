import { listOffsets as listOffsetsApi, offsetQueries } from '../../protocol/apis/list-offsets.ts'
import { offsetCommit } from '../../protocol/apis/offset-commit.ts'
import { offsetFetch } from '../../protocol/apis/offset-fetch.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { OffsetAndMetadata, OffsetSpec, TopicPartition } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { checkCode, kafkaError, showsStaleMetadata } from '../kafka-error.ts'
import { coordinatorOf, notInAnswer, retrying } from './routing.ts'

export interface FoundOffset extends TopicPartition {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

export type OffsetQuery = TopicPartition & { readonly spec: OffsetSpec }

/** Topic ids take the place of names from then on. */
export const lastOffsetVersionByName = 9

/** Each partition's leader is asked; what fails in passing is asked again. */
export async function listOffsets(
  cluster: ClusterClient,
  queries: readonly OffsetQuery[],
  isolationLevel: 0 | 1 = 0,
): Promise<FoundOffset[]> {
  const found = new Map<string, FoundOffset>()
  await retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const left = queries.filter((query) => !found.has(placeOf(query)))
    await learnTopics(cluster, left)
    const answers = await Promise.all(
      [...byLeader(cluster, left)].map(([leader, group]) => ask(cluster, leader, group, isolationLevel)),
    )
    for (const one of answers.flatMap((answer) => answer.found)) found.set(placeOf(one), one)
    const failure = answers.find((answer) => answer.error !== undefined)?.error
    if (failure !== undefined) throw failure
  })
  return queries.map((query) => {
    const one = found.get(placeOf(query))
    if (one === undefined) throw notInAnswer(placeOf(query))
    return one
  })
}

async function learnTopics(cluster: ClusterClient, queries: readonly TopicPartition[]): Promise<void> {
  const { metadata } = cluster
  const isUnknown = ({ topic, partition }: TopicPartition) =>
    (metadata.partition(topic, partition)?.leader ?? -1) < 0
  const unknown = queries.filter(isUnknown)
  if (unknown.length === 0) return
  const names = [...new Set(unknown.map((query) => query.topic))]
  metadata.apply(await cluster.fetchMetadata(names, false), names)
  for (const query of unknown.filter(isUnknown)) {
    const errorCode = metadata.topicError(query.topic)
    if (errorCode !== undefined) throw kafkaError(errorCode, query.topic)
    const isThere = metadata.partition(query.topic, query.partition) !== undefined
    const { LEADER_NOT_AVAILABLE, UNKNOWN_TOPIC_OR_PARTITION } = errorCodes
    throw kafkaError(isThere ? LEADER_NOT_AVAILABLE : UNKNOWN_TOPIC_OR_PARTITION, placeOf(query))
  }
}

function byLeader(cluster: ClusterClient, queries: readonly OffsetQuery[]): Map<number, OffsetQuery[]> {
  const groups = new Map<number, OffsetQuery[]>()
  for (const query of queries) {
    const leader = cluster.metadata.partition(query.topic, query.partition)!.leader
    const group = groups.get(leader)
    if (group === undefined) groups.set(leader, [query])
    else group.push(query)
  }
  return groups
}

async function ask(
  cluster: ClusterClient,
  leader: number,
  queries: readonly OffsetQuery[],
  isolationLevel: 0 | 1,
): Promise<{ found: FoundOffset[]; error?: Error }> {
  const topics = groupByTopic(queries).map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition, spec }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: cluster.metadata.partition(name, partition)?.leaderEpoch ?? -1,
      timestamp: timestampOf(spec),
    })),
  }))
  const timeoutMs = cluster.settings.requestTimeoutMs
  const answer = await cluster.request(leader, listOffsetsApi, (version) => ({
    replicaId: -1,
    isolationLevel: version >= 2 ? isolationLevel : 0,
    topics,
    timeoutMs,
  }))
  const found: FoundOffset[] = []
  let error: Error | undefined
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of partitions) {
      if (errorCode === 0) {
        found.push({ topic: name, partition, offset, timestampMs: timestamp, leaderEpoch })
        continue
      }
      if (showsStaleMetadata(errorCode)) cluster.metadata.forget(name)
      error = kafkaError(errorCode, `${name}-${partition}`)
    }
  }
  return { found, error }
}

function timestampOf(spec: OffsetSpec): number {
  if (typeof spec === 'object') return spec.timestampMs
  return {
    earliest: offsetQueries.earliest,
    latest: offsetQueries.latest,
    'max-timestamp': offsetQueries.maxTimestamp,
  }[spec]
}

export type CommittedOffset = TopicPartition & OffsetAndMetadata

/** What a group has committed: of the given partitions, or of all with null. Those without a commit are left out. */
export async function fetchCommitted(
  cluster: ClusterClient,
  groupId: string,
  partitions: readonly TopicPartition[] | null,
): Promise<CommittedOffset[]> {
  return retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const coordinator = await coordinatorOf(cluster, groupId)
    const topics =
      partitions === null
        ? null
        : groupByTopic(partitions).map(([name, group]) => ({
            name,
            partitionIndexes: group.map(({ partition }) => partition),
          }))
    const answer = await cluster.request(
      coordinator,
      offsetFetch,
      (version) =>
        version >= 8
          ? { groups: [{ groupId, topics }], requireStable: true }
          : { groupId, topics, requireStable: version >= 7 },
      { versionMax: lastOffsetVersionByName },
    )
    const group = answer.groups[0] ?? answer
    checkCode(group.errorCode, groupId)
    const found: CommittedOffset[] = []
    for (const { name: topic, partitions: answers } of group.topics) {
      for (const one of answers) {
        checkCode(one.errorCode, `${topic}-${one.partitionIndex}`)
        if (one.committedOffset < 0) continue
        const leaderEpoch = one.committedLeaderEpoch < 0 ? undefined : one.committedLeaderEpoch
        const metadata = one.metadata ?? ''
        found.push({
          topic,
          partition: one.partitionIndex,
          offset: one.committedOffset,
          leaderEpoch,
          metadata,
        })
      }
    }
    return found
  })
}

/** As an outsider: the coordinator refuses unless the group is empty. */
export async function resetGroupOffsets(
  cluster: ClusterClient,
  groupId: string,
  offsets: ReadonlyArray<TopicPartition & { offset: number }>,
): Promise<void> {
  if (offsets.length === 0) return
  await retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const coordinator = await coordinatorOf(cluster, groupId)
    const topics = groupByTopic(offsets).map(([name, group]) => ({
      name,
      partitions: group.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedMetadata: '',
      })),
    }))
    const options = { versionMax: lastOffsetVersionByName }
    const answer = await cluster.request(coordinator, offsetCommit, { groupId, topics }, options)
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        if (errorCode === errorCodes.UNKNOWN_MEMBER_ID) {
          throw kafkaError(errorCodes.NON_EMPTY_GROUP, groupId, 'stop its members first')
        }
        checkCode(errorCode, `${name}-${partitionIndex}`)
      }
    }
  })
}

export function groupByTopic<T extends TopicPartition>(items: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.topic)
    if (group === undefined) groups.set(item.topic, [item])
    else group.push(item)
  }
  return [...groups]
}

export function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
