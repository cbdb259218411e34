/** What a transactional producer asks of coordinators, a function each; errors by Kafka's names. */
import { addOffsetsToTxn } from '../../protocol/apis/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../protocol/apis/add-partitions-to-txn.ts'
import { endTxn } from '../../protocol/apis/end-txn.ts'
import { initProducerId } from '../../protocol/apis/init-producer-id.ts'
import { txnOffsetCommit } from '../../protocol/apis/txn-offset-commit.ts'
import type { ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition } from '../api.ts'
import type { Coordinator } from '../cluster/coordinator.ts'
import { groupByTopic } from '../offsets/by-topic.ts'
import type { ProducerIdentity } from './batch.ts'

/** From v4 on the request is for brokers. */
const lastAddPartitionsOfClients = 3

/** @param before the identity whose epoch is raised (KIP-360); without it whoever has the id is fenced */
export async function initialise(
  coordinator: Coordinator,
  transactionTimeoutMs: number,
  before: ProducerIdentity | undefined,
): Promise<ProducerIdentity> {
  const { producerId, producerEpoch, errorCode } = await coordinator.request(initProducerId, {
    transactionalId: coordinator.key,
    transactionTimeoutMs,
    ...before,
  })
  coordinator.check(errorCode)
  return { producerId, producerEpoch }
}

export async function addPartitions(
  coordinator: Coordinator,
  identity: ProducerIdentity,
  partitions: readonly TopicPartition[],
): Promise<void> {
  const topics = groupByTopic(partitions).map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition }) => partition),
  }))
  const answer = await coordinator.request(
    addPartitionsToTxn,
    {
      v3AndBelowTransactionalId: coordinator.key,
      v3AndBelowProducerId: identity.producerId,
      v3AndBelowProducerEpoch: identity.producerEpoch,
      v3AndBelowTopics: topics,
    },
    { versionMax: lastAddPartitionsOfClients },
  )
  for (const { name, resultsByPartition } of answer.resultsByTopicV3AndBelow) {
    for (const { partitionIndex, partitionErrorCode } of resultsByPartition) {
      coordinator.check(partitionErrorCode, `${name}-${partitionIndex}`)
    }
  }
}

export async function addOffsets(
  coordinator: Coordinator,
  identity: ProducerIdentity,
  groupId: string,
): Promise<void> {
  const answer = await coordinator.request(addOffsetsToTxn, {
    transactionalId: coordinator.key,
    ...identity,
    groupId,
  })
  coordinator.check(answer.errorCode)
}

/** @param coordinator the group's */
export async function commitOffsets(
  coordinator: Coordinator,
  transactionalId: string,
  identity: ProducerIdentity,
  group: ConsumerGroupMetadata,
  offsets: ReadonlyArray<TopicPartition & OffsetAndMetadata>,
  versionMax: number | undefined,
): Promise<void> {
  const topics = groupByTopic(offsets).map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, offset, leaderEpoch, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch ?? -1,
      committedMetadata: metadata ?? '',
    })),
  }))
  const { groupId, generation, memberId, groupInstanceId } = group
  const answer = await coordinator.request(
    txnOffsetCommit,
    { transactionalId, groupId, ...identity, generationId: generation, memberId, groupInstanceId, topics },
    { versionMax },
  )
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode } of partitions) {
      coordinator.check(errorCode, `group ${groupId}, ${name}-${partitionIndex}`)
    }
  }
}

/** What the producer goes on with; producer id −1 where it keeps what it has. */
export async function endTransaction(
  coordinator: Coordinator,
  identity: ProducerIdentity,
  committed: boolean,
  versionMax: number | undefined,
): Promise<ProducerIdentity> {
  const answer = await coordinator.request(
    endTxn,
    { transactionalId: coordinator.key, ...identity, committed },
    { versionMax },
  )
  coordinator.check(answer.errorCode)
  return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
}
