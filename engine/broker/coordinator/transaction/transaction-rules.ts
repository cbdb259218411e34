import type { ErrorName } from '../../../protocol/error-codes.ts'
import {
  type AddRequest,
  clientEpochMax,
  containsPartitions,
  type EndRequest,
  type InitRequest,
  noPartitions,
  noProducerEpoch,
  noProducerId,
  type ProducerClaim,
  type Transaction,
  type TransactionFacts,
  withPartitions,
} from './transaction.ts'

/** What a request leads to: an answer at once, or facts that have to be written before it is given. */
export type TransactionDecision =
  | { readonly error: ErrorName; readonly facts?: undefined }
  | { readonly error?: undefined; readonly facts: TransactionFacts; readonly isFence?: boolean }

/** Whether the epochs of the present producer id are used up, so that the request would need a new one. */
export function isEpochExhausted({ producerEpoch }: TransactionFacts): boolean {
  return producerEpoch >= clientEpochMax
}

export function isUnderWay({ state }: TransactionFacts): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort'
}

export function decideInit(
  { facts, pending }: Transaction,
  request: InitRequest,
  newProducerId: number | undefined,
  nowMs: number,
): TransactionDecision {
  const { claim, timeoutMs } = request
  if (pending) return { error: 'CONCURRENT_TRANSACTIONS' }
  if (claim && !mayClaim(facts, claim)) return { error: 'PRODUCER_FENCED' }
  if (isUnderWay(facts)) return { error: 'CONCURRENT_TRANSACTIONS' }
  // Nobody is given the fencing epoch: whoever asks here gets a further one once the abort is complete.
  if (facts.state === 'Ongoing') return { facts: fenced(facts, nowMs), isFence: true }
  const fresh = {
    state: 'Empty' as const,
    timeoutMs,
    partitions: noPartitions,
    nextProducerId: noProducerId,
    startMs: -1,
    updateMs: nowMs,
  }
  if (isEpochExhausted(facts) && (!claim || claim.producerEpoch === facts.producerEpoch)) {
    if (newProducerId === undefined) return { error: 'CONCURRENT_TRANSACTIONS' }
    const lastProducerEpoch = claim ? facts.producerEpoch : noProducerEpoch
    const previousProducerId = facts.producerId
    const identity = { producerId: newProducerId, producerEpoch: 0, previousProducerId, lastProducerEpoch }
    return { facts: { ...facts, ...fresh, ...identity } }
  }
  const bumped = { producerEpoch: facts.producerEpoch + 1, lastProducerEpoch: noProducerEpoch }
  if (!claim) return { facts: { ...facts, ...fresh, ...bumped } }
  if (facts.producerEpoch === noProducerEpoch || claim.producerEpoch === facts.producerEpoch) {
    return { facts: { ...facts, ...fresh, ...bumped, lastProducerEpoch: facts.producerEpoch } }
  }
  // A repeated request: the epoch that it asked for was given already, and to nobody else.
  if (claim.producerEpoch === facts.lastProducerEpoch) return { facts: { ...facts, ...fresh } }
  return { error: 'PRODUCER_FENCED' }
}

function mayClaim(facts: TransactionFacts, { producerId, producerEpoch }: ProducerClaim): boolean {
  if (facts.producerEpoch === noProducerEpoch || producerId === facts.producerId) return true
  return producerId === facts.previousProducerId && producerEpoch >= clientEpochMax
}

/** The abort of a transaction whose producer is to be shut out. */
export function fenced(facts: TransactionFacts, nowMs: number): TransactionFacts {
  const { producerEpoch } = facts
  return {
    ...facts,
    state: 'PrepareAbort',
    producerEpoch: producerEpoch + 1,
    lastProducerEpoch: noProducerEpoch,
    updateMs: nowMs,
  }
}

/** `error: 'NONE'`: all of them are in the transaction already. */
export function decideAdd(
  { facts, pending }: Transaction,
  request: AddRequest,
  nowMs: number,
): TransactionDecision {
  // First of all: a transition may be about to give the producer the very id that it claims.
  if (pending) return { error: 'CONCURRENT_TRANSACTIONS' }
  const fault = claimFault(facts, request)
  if (fault) return { error: fault }
  if (isUnderWay(facts)) return { error: 'CONCURRENT_TRANSACTIONS' }
  const isOngoing = facts.state === 'Ongoing'
  if (isOngoing && containsPartitions(facts.partitions, request.partitions)) return { error: 'NONE' }
  return {
    facts: {
      ...facts,
      state: 'Ongoing',
      partitions: withPartitions(facts.partitions, request.partitions),
      startMs: isOngoing ? facts.startMs : nowMs,
      updateMs: nowMs,
      clientVersion: request.clientVersion,
    },
  }
}

/** What is said of each partition when a broker asks whether it belongs to the transaction (KIP-890). */
export function verificationOf(
  { facts, pending }: Transaction,
  claim: ProducerClaim,
): ErrorName | ((topic: string, partition: number) => ErrorName) {
  if (pending && pending.reason !== 'add') return 'CONCURRENT_TRANSACTIONS'
  const fault = claimFault(facts, claim)
  if (fault) return fault
  if (isUnderWay(facts)) return 'CONCURRENT_TRANSACTIONS'
  return (topic, partition) =>
    facts.state === 'Ongoing' && facts.partitions.get(topic)?.has(partition)
      ? 'NONE'
      : 'TRANSACTION_ABORTABLE'
}

export function decideEnd(
  transaction: Transaction,
  request: EndRequest,
  newProducerId: number | undefined,
  nowMs: number,
): TransactionDecision {
  const { facts, pending } = transaction
  if (pending) return { error: 'CONCURRENT_TRANSACTIONS' }
  const bumps = request.clientVersion >= 2
  const isRepeated = bumps && isRepeatedEnd(facts, request)
  const fault = isRepeated ? undefined : claimFault(facts, request)
  if (fault) return { error: fault }
  // Under version 2 a present epoch in these states would be the end of a transaction that has not begun yet.
  if (bumps && isUnderWay(facts) && !isRepeated) return { error: 'PRODUCER_FENCED' }
  const wanted = request.isCommit ? 'Commit' : 'Abort'
  const end = (): TransactionDecision => ended(facts, request, newProducerId, nowMs)
  switch (facts.state) {
    case 'Ongoing':
      return isRepeated ? { error: 'PRODUCER_FENCED' } : end()
    case 'PrepareCommit':
    case 'PrepareAbort':
      return {
        error: facts.state === `Prepare${wanted}` ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE',
      }
    case 'CompleteCommit':
    case 'CompleteAbort': {
      const isSame = facts.state === `Complete${wanted}`
      if (bumps && !isRepeated && !request.isCommit) return end()
      return { error: isSame && (isRepeated || !bumps) ? 'NONE' : 'INVALID_TXN_STATE' }
    }
    default:
      // A producer of version 2 may abort before the broker has heard of any of its partitions.
      if (isRepeated) return { error: 'PRODUCER_FENCED' }
      return bumps && !request.isCommit ? end() : { error: 'INVALID_TXN_STATE' }
  }
}

function ended(
  facts: TransactionFacts,
  { isCommit, clientVersion }: EndRequest,
  newProducerId: number | undefined,
  nowMs: number,
): TransactionDecision {
  const state = isCommit ? 'PrepareCommit' : 'PrepareAbort'
  const hasPartitions = facts.state === 'Ongoing'
  const prepared: TransactionFacts = {
    ...facts,
    state,
    partitions: hasPartitions ? facts.partitions : noPartitions,
    startMs: hasPartitions ? facts.startMs : nowMs,
    updateMs: nowMs,
    clientVersion,
  }
  if (clientVersion < 2) return { facts: prepared }
  if (isEpochExhausted(facts) && newProducerId === undefined) return { error: 'CONCURRENT_TRANSACTIONS' }
  return {
    facts: {
      ...prepared,
      producerEpoch: facts.producerEpoch + 1,
      lastProducerEpoch: facts.producerEpoch,
      nextProducerId: isEpochExhausted(facts) ? newProducerId! : noProducerId,
    },
  }
}

/** The client has not heard that its request was carried out: it still has the epoch, or the id, of before. */
function isRepeatedEnd(facts: TransactionFacts, { producerId, producerEpoch }: ProducerClaim): boolean {
  if (producerEpoch !== facts.lastProducerEpoch) return false
  if (producerId === facts.producerId) return facts.producerEpoch === producerEpoch + 1
  return producerId === facts.previousProducerId && facts.producerEpoch === 0
}

function claimFault(facts: TransactionFacts, claim: ProducerClaim): ErrorName | undefined {
  if (claim.producerId !== facts.producerId) return 'INVALID_PRODUCER_ID_MAPPING'
  return claim.producerEpoch === facts.producerEpoch ? undefined : 'PRODUCER_FENCED'
}

/** What is left when every partition has its marker. */
export function completed(facts: TransactionFacts, nowMs: number): TransactionFacts {
  const done: TransactionFacts = {
    ...facts,
    state: facts.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    partitions: noPartitions,
    updateMs: nowMs,
  }
  if (facts.nextProducerId === noProducerId) return done
  return {
    ...done,
    producerId: facts.nextProducerId,
    producerEpoch: 0,
    previousProducerId: facts.producerId,
    nextProducerId: noProducerId,
  }
}
