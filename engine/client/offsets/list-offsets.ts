import { MillraceError } from '../../base/errors.ts'
import { listOffsets as listOffsetsApi, offsetQueries } from '../../protocol/apis/list-offsets.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { OffsetSpec, TopicPartition } from '../api.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { retrying } from '../cluster/retrying.ts'
import { isRetriable, kafkaError, notInAnswer, showsStaleMetadata } from '../kafka-error.ts'
import { groupByTopic, placeOf } from './by-topic.ts'

export interface FoundOffset extends TopicPartition {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

export type OffsetQuery = TopicPartition & { readonly spec: OffsetSpec }

/** Each partition's leader is asked; what fails in passing is asked again. */
export async function listOffsets(
  cluster: ClusterClient,
  queries: readonly OffsetQuery[],
  isolationLevel: 0 | 1 = 0,
): Promise<FoundOffset[]> {
  const rounds = await Promise.all(
    onceEach(queries).map((round) => listOnceEach(cluster, round, isolationLevel)),
  )
  const found = new Map(rounds.flatMap((round) => [...round]))
  return queries.map((query) => found.get(query)!)
}

/** A request may name a partition only once: several questions about it travel in several requests. */
function onceEach(queries: readonly OffsetQuery[]): OffsetQuery[][] {
  const rounds: OffsetQuery[][] = []
  const counts = new Map<string, number>()
  for (const query of queries) {
    const place = placeOf(query)
    const count = counts.get(place) ?? 0
    counts.set(place, count + 1)
    const round = rounds[count]
    if (round === undefined) rounds.push([query])
    else round.push(query)
  }
  return rounds
}

async function listOnceEach(
  cluster: ClusterClient,
  queries: readonly OffsetQuery[],
  isolationLevel: 0 | 1,
): Promise<Map<OffsetQuery, FoundOffset>> {
  const byPlace = new Map(queries.map((query) => [placeOf(query), query]))
  const found = new Map<OffsetQuery, FoundOffset>()
  await retrying(cluster, cluster.settings.requestTimeoutMs, async () => {
    const left = queries.filter((query) => !found.has(query))
    const answer = await tryListOffsets(cluster, left, isolationLevel)
    for (const one of answer.found) {
      const query = byPlace.get(placeOf(one))
      if (query !== undefined) found.set(query, one)
    }
    if (answer.failed[0] !== undefined) throw answer.failed[0].error
    if (found.size < queries.length) throw notInAnswer('ListOffsets')
  })
  return found
}

export interface OffsetsAnswer {
  readonly found: readonly FoundOffset[]
  readonly failed: readonly FailedQuery[]
}

interface FailedQuery {
  readonly query: TopicPartition
  readonly error: MillraceError
}

/** One go, each partition once: what is found of it, and why others were not. */
export async function tryListOffsets(
  cluster: ClusterClient,
  queries: readonly OffsetQuery[],
  isolationLevel: 0 | 1,
): Promise<OffsetsAnswer> {
  await learnTopics(cluster, queries)
  const answers = [...byLeader(cluster, queries)].map(([leader, group]) =>
    leader < 0
      ? Promise.resolve(withoutLeader(cluster, group))
      : ask(cluster, leader, group, isolationLevel).catch((thrown) => notAsked(cluster, group, thrown)),
  )
  const settled = await Promise.all(answers)
  return {
    found: settled.flatMap((answer) => answer.found),
    failed: settled.flatMap((answer) => answer.failed),
  }
}

/** The leader is gone, or does not answer: by the next attempt there may be another. */
async function notAsked(
  cluster: ClusterClient,
  queries: readonly OffsetQuery[],
  thrown: unknown,
): Promise<OffsetsAnswer> {
  if (isRetriable(thrown)) await learn(cluster, queries).catch(() => undefined)
  const error = MillraceError.from(thrown)
  return { found: [], failed: queries.map((query) => ({ query, error })) }
}

function withoutLeader(cluster: ClusterClient, queries: readonly OffsetQuery[]): OffsetsAnswer {
  return { found: [], failed: queries.map((query) => ({ query, error: noLeader(cluster, query) })) }
}

async function learnTopics(cluster: ClusterClient, queries: readonly TopicPartition[]): Promise<void> {
  const unknown = queries.filter((query) => leaderOf(cluster, query) < 0)
  if (unknown.length === 0) return
  await learn(cluster, unknown)
}

async function learn(cluster: ClusterClient, places: readonly TopicPartition[]): Promise<void> {
  const names = [...new Set(places.map(({ topic }) => topic))]
  cluster.metadata.apply(await cluster.fetchMetadata(names, false), names)
}

function leaderOf(cluster: ClusterClient, { topic, partition }: TopicPartition): number {
  return cluster.metadata.partition(topic, partition)?.leader ?? -1
}

function noLeader(cluster: ClusterClient, query: TopicPartition): MillraceError {
  const errorCode = cluster.metadata.topicError(query.topic)
  if (errorCode !== undefined) return kafkaError(errorCode, query.topic)
  const isThere = cluster.metadata.partition(query.topic, query.partition) !== undefined
  const { LEADER_NOT_AVAILABLE, UNKNOWN_TOPIC_OR_PARTITION } = errorCodes
  return kafkaError(isThere ? LEADER_NOT_AVAILABLE : UNKNOWN_TOPIC_OR_PARTITION, placeOf(query))
}

function byLeader(cluster: ClusterClient, queries: readonly OffsetQuery[]): Map<number, OffsetQuery[]> {
  const groups = new Map<number, OffsetQuery[]>()
  for (const query of queries) {
    const leader = leaderOf(cluster, query)
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
): Promise<OffsetsAnswer> {
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
  const failed: FailedQuery[] = []
  let isStale = false
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of partitions) {
      if (errorCode === 0) {
        found.push({ topic: name, partition, offset, timestampMs: timestamp, leaderEpoch })
        continue
      }
      if (showsStaleMetadata(errorCode)) isStale = true
      const query = { topic: name, partition }
      failed.push({ query, error: kafkaError(errorCode, placeOf(query)) })
    }
  }
  // A refresh asks only for topics that are read or written, which these need not be.
  if (isStale) await learn(cluster, queries).catch(() => undefined)
  return { found, failed }
}

function timestampOf(spec: OffsetSpec): number {
  if (typeof spec === 'object') return spec.timestampMs
  return {
    earliest: offsetQueries.earliest,
    latest: offsetQueries.latest,
    'max-timestamp': offsetQueries.maxTimestamp,
  }[spec]
}
