import { addOffsetsToTxn } from '../../engine/protocol/apis/add-offsets-to-txn.ts'
import { addPartitionsToTxn } from '../../engine/protocol/apis/add-partitions-to-txn.ts'
import { describeProducers } from '../../engine/protocol/apis/describe-producers.ts'
import { describeTransactions } from '../../engine/protocol/apis/describe-transactions.ts'
import { endTxn } from '../../engine/protocol/apis/end-txn.ts'
import { findCoordinator } from '../../engine/protocol/apis/find-coordinator.ts'
import { initProducerId } from '../../engine/protocol/apis/init-producer-id.ts'
import { listTransactions } from '../../engine/protocol/apis/list-transactions.ts'
import { txnOffsetCommit } from '../../engine/protocol/apis/txn-offset-commit.ts'
import { writeTxnMarkers } from '../../engine/protocol/apis/write-txn-markers.ts'
import type { RefusalTalk } from './refusal-talk.ts'

interface Identity {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

/** What coordinators of transactions refuse, and what looks at transactions that are not there. */
export async function refusedTransactions(talk: RefusalTalk, topic: string): Promise<void> {
  if (!talk.serves(endTxn)) return
  const transactionalId = 'refused'
  await talk.settled(() =>
    talk.broker.ask(findCoordinator, 4, { keyType: 1, coordinatorKeys: [transactionalId] }),
  )
  const init = { transactionalId, transactionTimeoutMs: 60_000 }
  const { producerId, producerEpoch } = await talk.settled(() => talk.broker.ask(initProducerId, 4, init))
  const known = { transactionalId, producerId, producerEpoch }
  const identities: Readonly<Record<string, Identity>> = {
    'nothing begun': known,
    'unknown id': { ...known, transactionalId: 'nobody' },
    'another producer': { ...known, producerId: producerId + 77 },
    'newer epoch': { ...known, producerEpoch: producerEpoch + 5 },
    'no id': { ...known, transactionalId: '' },
  }
  await inits(talk, known)
  for (const [what, identity] of Object.entries(identities)) await steps(talk, what, identity, topic)
  await lookers(talk, topic)
}

async function inits(talk: RefusalTalk, { transactionalId }: Identity): Promise<void> {
  const ask = (what: string, body: { transactionalId: string | null; transactionTimeoutMs: number }) =>
    talk.each(what, initProducerId, () => body)
  await ask('empty id', { transactionalId: '', transactionTimeoutMs: 60_000 })
  await ask('no time', { transactionalId: 'timed', transactionTimeoutMs: 0 })
  await ask('less than no time', { transactionalId: 'timed', transactionTimeoutMs: -1 })
  await ask('too much time', { transactionalId: 'timed', transactionTimeoutMs: 100_000_000 })
  const foreign = { transactionalId, transactionTimeoutMs: 60_000, producerId: 987_654, producerEpoch: 3 }
  await talk.each('another producer', initProducerId, () => foreign, 3)
  await talk.each('an id without an epoch', initProducerId, () => ({ ...foreign, producerEpoch: -1 }), 3)
}

async function steps(talk: RefusalTalk, what: string, identity: Identity, topic: string): Promise<void> {
  const { transactionalId, ...producer } = identity
  // With nothing wrong about the producer a transaction would begin: then the partition is wrong.
  const partitions = what === 'nothing begun' ? [0, 9] : [0]
  await talk.each(what, addPartitionsToTxn, (version) => {
    const topics = [{ name: topic, partitions }]
    if (version >= 4) return { transactions: [{ ...identity, topics }] }
    return {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: topics,
    }
  })
  await talk.each(
    `${what}, to verify`,
    addPartitionsToTxn,
    () => ({ transactions: [{ ...identity, verifyOnly: true, topics: [{ name: topic, partitions: [0] }] }] }),
    4,
  )
  if (what !== 'nothing begun') {
    await talk.each(what, addOffsetsToTxn, () => ({ ...identity, groupId: 'group' }))
    await talk.each(`${what}, abort`, endTxn, () => ({ ...identity, committed: false }))
  }
  await talk.each(what, endTxn, () => ({ ...identity, committed: true }))
  const offsets = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }]
  const commit = {
    transactionalId,
    ...producer,
    groupId: 'group',
    topics: [{ name: topic, partitions: offsets }],
  }
  if (what === 'nothing begun') {
    const member = { generationId: 3, memberId: 'who' }
    await talk.each('unknown member', txnOffsetCommit, () => ({ ...commit, ...member }), 3)
    await talk.each('no group', txnOffsetCommit, () => ({ ...commit, groupId: '' }))
  } else await talk.each(what, txnOffsetCommit, () => commit, 5)
}

async function lookers(talk: RefusalTalk, topic: string): Promise<void> {
  await talk.each('unknown id', describeTransactions, () => ({ transactionalIds: ['nobody'] }))
  await talk.each('empty id', describeTransactions, () => ({ transactionalIds: [''] }))
  const filters = { stateFilters: [], producerIdFilters: [] }
  await talk.each('unknown state', listTransactions, () => ({ ...filters, stateFilters: ['Nonsense'] }))
  await talk.each('bad pattern', listTransactions, () => ({ ...filters, transactionalIdPattern: '(' }), 2)
  const producers = (what: string, name: string, partition: number) =>
    talk.each(what, describeProducers, () => ({ topics: [{ name, partitionIndexes: [partition] }] }))
  await producers('unknown topic', 'nowhere', 0)
  await producers('unknown partition', topic, 9)
  await producers('bad name', 'a/b', 0)
  const marker = { producerId: 4242, producerEpoch: 0, transactionResult: true, coordinatorEpoch: 0 }
  const mark = (what: string, name: string, partition: number) =>
    talk.each(what, writeTxnMarkers, () => {
      return { markers: [{ ...marker, topics: [{ name, partitionIndexes: [partition] }] }] }
    })
  await mark('unknown topic', 'nowhere', 0)
  await mark('unknown partition', topic, 9)
}
