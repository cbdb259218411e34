/** How transactional ids lie in `__transaction_state`: Kafka's own format, so that its tools can read it. */
import {
  decodeRecordKey,
  decodeRecordValue,
  encodeRecordKey,
  encodeRecordValue,
  recordTypeOf,
} from '../../../protocol/coordinator-record.ts'
import { transactionRecord, transactionStates } from '../../../protocol/transaction-records.ts'
import {
  type ClientTransactionVersion,
  clientEpochMax,
  noProducerEpoch,
  noProducerId,
  type TransactionFacts,
  type TransactionPartitions,
  type TransactionStateName,
} from './transaction.ts'

const valueVersion = 1

export interface StoredRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

export function transactionRecordOf(
  transactionalId: string,
  facts: TransactionFacts | undefined,
): StoredRecord {
  const key = encodeRecordKey(transactionRecord, { transactionalId })
  if (!facts) return { key, value: null }
  const partitions = [...facts.partitions].map(([topic, ids]) => ({ topic, partitionIds: [...ids] }))
  const value = encodeRecordValue(transactionRecord, valueVersion, {
    producerId: facts.producerId,
    previousProducerId: facts.previousProducerId,
    nextProducerId: facts.nextProducerId,
    producerEpoch: facts.producerEpoch,
    transactionTimeoutMs: facts.timeoutMs,
    transactionStatus: transactionStates[facts.state],
    transactionPartitions: partitions.length > 0 ? partitions : null,
    transactionLastUpdateTimestampMs: facts.updateMs,
    transactionStartTimestampMs: facts.startMs,
    clientTransactionVersion: facts.clientVersion,
  })
  return { key, value }
}

export interface ReadTransaction {
  readonly transactionalId: string
  /** Undefined: deleted. */
  readonly facts: TransactionFacts | undefined
}

/** Undefined for kinds that we do not write. @throws MillraceError MALFORMED_FRAME, UNSUPPORTED_VERSION */
export function readTransaction(key: Buffer, value: Buffer | null): ReadTransaction | undefined {
  if (recordTypeOf(key) !== transactionRecord.type) return undefined
  const { transactionalId } = decodeRecordKey(transactionRecord, key)
  if (value === null) return { transactionalId, facts: undefined }
  const stored = decodeRecordValue(transactionRecord, value).value
  const state = stateOf(stored.transactionStatus)
  if (!state) return undefined
  const partitions: TransactionPartitions = new Map(
    (stored.transactionPartitions ?? []).map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]),
  )
  const facts: TransactionFacts = {
    state,
    producerId: stored.producerId,
    producerEpoch: stored.producerEpoch,
    previousProducerId: stored.previousProducerId,
    nextProducerId: stored.nextProducerId,
    lastProducerEpoch: noProducerEpoch,
    timeoutMs: stored.transactionTimeoutMs,
    partitions,
    startMs: stored.transactionStartTimestampMs,
    updateMs: stored.transactionLastUpdateTimestampMs,
    clientVersion: versionOf(stored.clientTransactionVersion),
  }
  return { transactionalId, facts: { ...facts, lastProducerEpoch: lastEpochOf(facts) } }
}

function stateOf(id: number): TransactionStateName | undefined {
  const states: readonly TransactionStateName[] = [
    'Empty',
    'Ongoing',
    'PrepareCommit',
    'PrepareAbort',
    'CompleteCommit',
    'CompleteAbort',
    'Dead',
  ]
  return states.find((state) => transactionStates[state] === id)
}

function versionOf(stored: number): ClientTransactionVersion {
  return stored >= 2 ? 2 : stored === 1 ? 1 : 0
}

/**
 * Kafka does not store it. After an end of version 2 a client that has missed the answer may still have the epoch before;
 * if it was fenced instead, that epoch gets it nothing but the answer to an abort.
 */
function lastEpochOf(facts: TransactionFacts): number {
  const hasEnded = facts.state.startsWith('Prepare') || facts.state.startsWith('Complete')
  if (!hasEnded || facts.clientVersion < 2) return noProducerEpoch
  if (facts.producerEpoch > 0) return facts.producerEpoch - 1
  return facts.previousProducerId === noProducerId ? noProducerEpoch : clientEpochMax
}
