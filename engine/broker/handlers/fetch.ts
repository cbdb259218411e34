/**
 * Fetch (1), versions 4–18.
 *
 * Whole batches as they lie in the log, up to the high watermark; waits for `minBytes` or `maxWaitMs`. The first batch
 * ignores the size limits (KIP-74). Isolation level 1 ends before the first open transaction, and names the aborted ones.
 * - v7: fetch sessions are never opened: the answer's session id 0 tells the client to go on without (KIP-227). A request
 *   that claims a session is answered with FETCH_SESSION_ID_NOT_FOUND.
 * - v9: leader epochs are checked (KIP-320). v12: the diverging epoch instead of an error (KIP-595), the current leader
 *   (KIP-951). v13: topics by id: UNKNOWN_TOPIC_ID. v16: the leaders' addresses.
 * - Past consumer_byte_rate nothing but for how long, and the connection is not read meanwhile (KIP-219).
 * Deviations: every fetch is taken for a consumer's: replicas of this cluster fetch from each other by other means.
 */

import type { RequestOf, ResponseInput } from '../../protocol/api.ts'
import { fetchApi } from '../../protocol/apis/fetch.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { type FetchAnswer, type FetchPart, fetchRecords } from '../replication/fetch.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler, type RequestContext } from '../server/handler.ts'
import { currentLeaderOf, endpointsOf } from '../server/leader-hints.ts'

type FetchTopic = RequestOf<typeof fetchApi>['topics'][number]
type TopicResponse = ResponseInput<typeof fetchApi>['responses'][number]

const readCommitted = 1

const nothing: ResponseInput<typeof fetchApi> = { errorCode: errorCodes.NONE, sessionId: 0, responses: [] }

export const handleFetch = handler(fetchApi, fetchFor, {
  quota: 'consumer_byte_rate',
  whenThrottled: nothing,
})

async function fetchFor(
  broker: BrokerContext,
  request: RequestOf<typeof fetchApi>,
  { version, client }: RequestContext,
): Promise<ResponseInput<typeof fetchApi> | undefined> {
  if (request.sessionId !== 0) {
    return { errorCode: errorCodes.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0, responses: [] }
  }
  const parts = request.topics.flatMap((topic) => partsOf(broker, topic, version))
  const limits = {
    maxWaitMs: request.maxWaitMs,
    asker: client,
    bytesMin: request.minBytes,
    bytesMax: Math.min(request.maxBytes, broker.settings.number('fetch.max.bytes')),
    readsCommitted: request.isolationLevel === readCommitted,
  }
  const answers = await fetchRecords(broker.replicas, parts, limits)
  return client.isGone ? undefined : respond(broker, request, parts, answers)
}

function partsOf(broker: BrokerContext, topic: FetchTopic, version: number): FetchPart[] {
  const known = version >= 13 ? broker.image.topicById(topic.topicId) : broker.image.topics.get(topic.topic)
  return topic.partitions.map((each) => {
    const part = {
      topic: known?.name ?? topic.topic,
      partition: each.partition,
      currentLeaderEpoch: each.currentLeaderEpoch,
      fetchOffset: each.fetchOffset,
      lastFetchedEpoch: each.lastFetchedEpoch,
      bytesMax: each.partitionMaxBytes,
    }
    if (!known) return { ...part, fault: version >= 13 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION' }
    return known.partitions[each.partition] ? part : { ...part, fault: 'UNKNOWN_TOPIC_OR_PARTITION' }
  })
}

function count(
  { metrics }: BrokerContext,
  { topic, fault }: FetchPart,
  { error, pieces }: FetchAnswer,
): void {
  if (error !== 'NONE') {
    metrics.traffic.fetchFailed(fault === undefined ? topic : undefined)
    return
  }
  let sizeBytes = 0
  for (const piece of pieces) sizeBytes += piece.length
  metrics.traffic.fetched(topic, sizeBytes)
}

function respond(
  broker: BrokerContext,
  request: RequestOf<typeof fetchApi>,
  parts: readonly FetchPart[],
  answers: readonly FetchAnswer[],
): ResponseInput<typeof fetchApi> {
  const hinted = new Set<number>()
  let next = 0
  const responses: TopicResponse[] = request.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(() => {
      const part = parts[next]!
      const answer = answers[next++]!
      count(broker, part, answer)
      const isElsewhere = answer.error === 'NOT_LEADER_OR_FOLLOWER' || answer.error === 'FENCED_LEADER_EPOCH'
      const leader = isElsewhere ? currentLeaderOf(broker, part.topic, part.partition) : undefined
      if (leader) hinted.add(leader.leaderId)
      return {
        partitionIndex: part.partition,
        errorCode: errorCodes[answer.error],
        highWatermark: answer.highWatermark,
        lastStableOffset: answer.lastStableOffset,
        logStartOffset: answer.logStartOffset,
        abortedTransactions: answer.aborted ?? null,
        records: answer.pieces,
        ...(answer.diverging ? { divergingEpoch: answer.diverging } : {}),
        ...(leader ? { currentLeader: leader } : {}),
      }
    }),
  }))
  return { errorCode: errorCodes.NONE, sessionId: 0, responses, nodeEndpoints: endpointsOf(broker, hinted) }
}
