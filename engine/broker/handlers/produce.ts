/**
 * Produce (0), versions 3–13; 0–2 are advertised and refused (KAFKA-18659).
 *
 * Batches are checked (header, CRC, sequence), given offsets and appended as they are; answered after the write (acks 1),
 * after the high watermark passed them (acks −1), or not at all (acks 0). Requests of a connection are appended in order
 * and may wait for acknowledgement together.
 * - One batch for each partition, else INVALID_RECORD. Before v7 no zstd (KIP-110): UNSUPPORTED_COMPRESSION_TYPE.
 * - v10: a refusal names the current leader and its address (KIP-951). v13: topics by id, UNKNOWN_TOPIC_ID.
 * - Topics that only brokers write (`__consumer_offsets`): INVALID_TOPIC_EXCEPTION.
 * - Never UNKNOWN_SERVER_ERROR: clients would send the records twice (KAFKA-14034).
 * - The first batch of a transaction in a partition waits for its coordinator: up to v11 the partition has to be in the
 *   transaction, from v12 it is added (KIP-890). INVALID_TXN_STATE, from v11 TRANSACTION_ABORTABLE, when it is not.
 * - Past producer_byte_rate the answer tells for how long, and the connection is not read meanwhile (KIP-219).
 * Deviations: acks 1 waits until the records are written to the file, not only taken.
 */

import { MillraceError } from '../../base/errors.ts'
import type { RequestOf, ResponseInput } from '../../protocol/api.ts'
import { produce } from '../../protocol/apis/produce.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { BatchView, batchHeaderBytes } from '../../protocol/record-batch-header.ts'
import { isInternalTopic } from '../controller/topic-names.ts'
import { keylessRecordFault } from '../replication/compacted-topics.ts'
import {
  type Acks,
  type Appended,
  appendToReplica,
  type ProduceAnswer,
  refusedProduce,
  whenAcknowledged,
} from '../replication/produce.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { JoiningTransaction } from '../server/joining-transaction.ts'
import { currentLeaderOf, endpointsOf } from '../server/leader-hints.ts'

type TopicData = RequestOf<typeof produce>['topicData'][number]
type TopicResponse = ResponseInput<typeof produce>['responses'][number]

interface Part {
  readonly topic: TopicData
  /** Undefined: no such topic. */
  readonly topicName: string | undefined
  readonly index: number
  readonly append: Appended | ProduceAnswer
}

const finalErrors = new Set(['NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH'])

export const handleProduce = handler(
  produce,
  async (broker, request, { version, client }) => {
    const acks = request.acks as Acks
    const fault = requestFault(request)
    const named = request.topicData.map((topic) => ({ topic, topicName: nameOf(broker, topic, version) }))
    // Not one partition after the other: what is sent next may not overtake any part of this.
    const joining = new JoiningTransaction(broker, request.transactionalId, version)
    const turn = client.takeTurn(beforeTurn(broker, named, joining))
    if (turn) await turn
    const parts: Part[] = []
    for (const { topic, topicName } of named) {
      for (const { index, records } of topic.partitionData) {
        const append = fault ?? appendPart(broker, topicName, index, records, acks, version, joining)
        count(broker, topicName, records, append)
        parts.push({ topic, topicName, index, append })
      }
    }
    if (acks === 0) return endUnanswered(parts)
    const { purgatory } = broker.replicas
    const appends = parts.map(({ append }) => append)
    const answers = await whenAcknowledged(purgatory, appends, acks, request.timeoutMs, client)
    return respond(broker, request.topicData, parts, answers)
  },
  { isPipelined: true, quota: 'producer_byte_rate' },
)

function count(
  { metrics }: BrokerContext,
  topicName: string | undefined,
  records: Buffer | null,
  append: Appended | ProduceAnswer,
): void {
  if (!('replica' in append)) {
    metrics.traffic.produceFailed(topicName)
    return
  }
  const { answer, requiredOffset } = append
  metrics.traffic.produced(append.replica.topic, records?.length ?? 0, requiredOffset - answer.baseOffset)
}

function nameOf({ image }: BrokerContext, topic: TopicData, version: number): string | undefined {
  return version >= 13 ? image.topicById(topic.topicId)?.name : image.topics.get(topic.name)?.name
}

/** Logs that are just being opened, then the coordinator of a transaction that begins in one of them. */
function beforeTurn(
  { replicas }: BrokerContext,
  named: readonly { readonly topic: TopicData; readonly topicName: string | undefined }[],
  joining: JoiningTransaction,
): Promise<unknown>[] {
  const parts = named.flatMap(({ topic, topicName }) => {
    if (topicName === undefined) return []
    return topic.partitionData.map(({ index, records }) => ({ topicName, index, records }))
  })
  const unopened = parts.filter(({ topicName, index }) => !replicas.find(topicName, index))
  const join = () => {
    for (const { topicName, index, records } of parts)
      joining.include(replicas.find(topicName, index), records)
    return joining.ask()
  }
  if (unopened.length > 0) {
    const openings = unopened.map(({ topicName, index }) => replicas.whenOpen(topicName, index))
    return [Promise.all(openings).then(join)]
  }
  const joined = join()
  return joined ? [joined] : []
}

/** The client waits for no answer: only the end of its connection tells it that something is wrong, as in Kafka. */
function endUnanswered(parts: readonly Part[]): undefined {
  const refused = parts.find(({ append }) => !('replica' in append))
  if (!refused || 'replica' in refused.append) return undefined
  throw new MillraceError({
    code: 'UNANSWERED_PRODUCE_REFUSED',
    what: `records sent with acks=0 were refused: ${refused.append.error}`,
    where: `${refused.topicName ?? refused.topic.name}-${refused.index}`,
  })
}

const zstdId = 4
const zstdSince = 7
const compressionMask = 0b111

/** What the version does not allow. Whether the batch is sound is left to the log. */
function batchFault(records: Buffer, version: number): ProduceAnswer | undefined {
  const batch = new BatchView(records)
  if (records.length < batchHeaderBytes || batch.sizeBytes > records.length) {
    return refusedProduce('INVALID_RECORD', 'the batch is cut off')
  }
  if (batch.magic !== 2) return refusedProduce('INVALID_RECORD', 'batches must be of magic 2')
  if (batch.sizeBytes < records.length) {
    return refusedProduce('INVALID_RECORD', 'a partition takes one batch in a request')
  }
  if (version < zstdSince && (batch.attributes & compressionMask) === zstdId) {
    return refusedProduce('UNSUPPORTED_COMPRESSION_TYPE', `zstd needs version ${zstdSince} or newer`)
  }
  return undefined
}

function requestFault(request: RequestOf<typeof produce>): ProduceAnswer | undefined {
  if (request.acks !== 0 && request.acks !== 1 && request.acks !== -1) {
    return refusedProduce('INVALID_REQUIRED_ACKS')
  }
  return undefined
}

function appendPart(
  broker: BrokerContext,
  topicName: string | undefined,
  index: number,
  records: Buffer | null,
  acks: Acks,
  version: number,
  joining: JoiningTransaction,
): Appended | ProduceAnswer {
  if (topicName === undefined)
    return refusedProduce(version >= 13 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
  if (!broker.image.partition(topicName, index)) return refusedProduce('UNKNOWN_TOPIC_OR_PARTITION')
  if (isInternalTopic(topicName)) {
    return refusedProduce('INVALID_TOPIC_EXCEPTION', `${topicName} is written by brokers only`)
  }
  if (records === null || records.length === 0) return refusedProduce('INVALID_RECORD', 'no records')
  const unfit = batchFault(records, version)
  if (unfit) return unfit
  const replica = broker.replicas.find(topicName, index)
  if (!replica) return refusedProduce('NOT_LEADER_OR_FOLLOWER')
  const unfitting = keylessRecordFault(broker, topicName, records) ?? joining.faultOf(replica, records)
  return unfitting ?? appendToReplica(replica, records, acks, { verification: joining.verification(replica) })
}

function respond(
  broker: BrokerContext,
  topics: readonly TopicData[],
  parts: readonly Part[],
  answers: readonly ProduceAnswer[],
): ResponseInput<typeof produce> {
  const hinted = new Set<number>()
  const byTopic = new Map<TopicData, TopicResponse['partitionResponses'][number][]>()
  parts.forEach(({ topic, topicName, index }, i) => {
    const answer = answers[i]!
    const leader = finalErrors.has(answer.error) ? currentLeaderOf(broker, topicName, index) : undefined
    if (leader) hinted.add(leader.leaderId)
    const responses = byTopic.get(topic) ?? []
    byTopic.set(topic, responses)
    responses.push({
      index,
      errorCode: errorCodes[answer.error],
      baseOffset: answer.baseOffset,
      logAppendTimeMs: answer.logAppendTimeMs,
      logStartOffset: answer.logStartOffset,
      errorMessage: answer.message ?? null,
      ...(leader ? { currentLeader: leader } : {}),
    })
  })
  const responses = topics.map((topic) => {
    return { name: topic.name, topicId: topic.topicId, partitionResponses: byTopic.get(topic) ?? [] }
  })
  return { responses, nodeEndpoints: endpointsOf(broker, hinted) }
}
