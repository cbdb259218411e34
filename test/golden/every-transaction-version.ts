import { nodeCodecs } from '../../engine/node/environment/codecs.ts'
import { addOffsetsToTxn } from '../../engine/protocol/apis/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../engine/protocol/apis/add-partitions-to-txn.ts'
import { describeProducers } from '../../engine/protocol/apis/describe-producers.ts'
import { describeTransactions } from '../../engine/protocol/apis/describe-transactions.ts'
import { endTxn } from '../../engine/protocol/apis/end-txn.ts'
import { findCoordinator } from '../../engine/protocol/apis/find-coordinator.ts'
import { initProducerId } from '../../engine/protocol/apis/init-producer-id.ts'
import { listTransactions } from '../../engine/protocol/apis/list-transactions.ts'
import { produce } from '../../engine/protocol/apis/produce.ts'
import { txnOffsetCommit } from '../../engine/protocol/apis/txn-offset-commit.ts'
import { writeTxnMarkers } from '../../engine/protocol/apis/write-txn-markers.ts'
import { BatchBuilder } from '../../engine/protocol/batch-builder.ts'
import type { VersionTalk } from './version-talk.ts'

const timeoutMs = 10_000
/** Its records name topics, not ids, and clients of either transaction version send it. */
const produceVersion = 11

/** A transaction for each version, spoken in the nearest version of every API; then what looks at transactions. */
export async function speakTransactions(talk: VersionTalk, topic: string): Promise<void> {
  if (talk.versionsOf(endTxn).length === 0) return
  await talk.near(findCoordinator, 4, () => ({ keyType: 1, coordinatorKeys: ['every-0'] }))
  for (let version = 0; version <= endTxn.versions[1]; version++) await oneTransaction(talk, topic, version)
  await talk.each(describeTransactions, () => ({ transactionalIds: ['every-0'] }))
  await talk.each(listTransactions, () => ({ stateFilters: ['CompleteCommit'], producerIdFilters: [] }))
  await talk.each(describeProducers, () => ({ topics: [{ name: topic, partitionIndexes: [0] }] }))
  await talk.each(writeTxnMarkers, (version) => {
    const topics = [{ name: topic, partitionIndexes: [0] }]
    // A producer that the partition has not heard of, as after its state has expired.
    const producer = { producerId: 1_000_000 + version, producerEpoch: 1 }
    return { markers: [{ ...producer, transactionResult: false, topics, coordinatorEpoch: 0 }] }
  })
}

async function oneTransaction(talk: VersionTalk, topic: string, version: number): Promise<void> {
  const transactionalId = `every-${version}`
  const groupId = 'in-transactions'
  const init = { transactionalId, transactionTimeoutMs: 60_000 }
  const given = await talk.near(initProducerId, version, () => init)
  if (given === undefined) return
  const producer = { producerId: given.producerId, producerEpoch: given.producerEpoch }
  await talk.near(addPartitionsToTxn, version, (spoken) => {
    const topics = [{ name: topic, partitions: [0] }]
    if (spoken >= 4) return { transactions: [{ transactionalId, ...producer, topics }] }
    return {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: topics,
    }
  })
  const partitionData = [{ index: 0, records: batchOf(producer) }]
  await talk.near(produce, produceVersion, () => {
    return { transactionalId, acks: -1, timeoutMs, topicData: [{ name: topic, partitionData }] }
  })
  await talk.near(addOffsetsToTxn, version, () => ({ transactionalId, ...producer, groupId }))
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }]
  await talk.near(txnOffsetCommit, version, () => {
    return { transactionalId, groupId, ...producer, topics: [{ name: topic, partitions }] }
  })
  await talk.near(endTxn, version, () => ({ transactionalId, ...producer, committed: version % 2 === 0 }))
}

function batchOf(producer: { readonly producerId: number; readonly producerEpoch: number }): Buffer {
  const builder = new BatchBuilder()
  builder.append(1_700_000_000_000, Buffer.from('key'), Buffer.from('value'))
  return builder.build({ codecs: nodeCodecs, ...producer, baseSequence: 0, isTransactional: true })
}
