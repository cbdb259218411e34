/**
 * One transactional id, without I/O. Whatever changes it is written first: `pending` holds what is being written, and
 * whoever comes meanwhile is answered with CONCURRENT_TRANSACTIONS.
 *
 * | state                       | input                       | next, once stored                                       |
 * |-----------------------------|-----------------------------|---------------------------------------------------------|
 * | Empty, Complete…            | init                        | Empty, epoch + 1 (exhausted: another producer id)       |
 * | Empty, Complete…, Ongoing   | add                         | Ongoing                                                 |
 * | Ongoing                     | end                         | PrepareCommit, PrepareAbort; version 2: epoch + 1       |
 * | Ongoing                     | init, or time is up         | PrepareAbort, epoch + 1, which nobody is given          |
 * | Empty, Complete…            | end: abort, version 2       | PrepareAbort without partitions, epoch + 1              |
 * | Prepare…                    | all partitions are marked   | Complete…; exhausted under version 2: next producer id  |
 * | Empty, Complete…            | unused for too long         | gone                                                    |
 *
 * Invariant 8: a delayed end never hits a later transaction. Under version 2 each end has an epoch of its own; before,
 * only the client's one connection keeps the order.
 */
import { unreachable } from '../../../base/assert.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type {
  PendingFacts,
  ReplyTicket,
  Transaction,
  TransactionFacts,
  TransactionInput,
  TransactionOutput,
} from './transaction.ts'
import {
  completed,
  decideAdd,
  decideEnd,
  decideInit,
  fenced,
  isEpochExhausted,
  isUnderWay,
  type TransactionDecision,
} from './transaction-rules.ts'

/** Whether the request can only be granted together with a new producer id. */
export function needsProducerId({ facts }: Transaction, clientVersion: number): boolean {
  return isEpochExhausted(facts) && (clientVersion >= 2 || facts.state !== 'Ongoing')
}

/** When a tick is next needed; `expiryMs`: how long an unused transactional id is remembered. */
export function transactionDeadlineMs({ facts, pending }: Transaction, expiryMs: number): number {
  if (pending || isUnderWay(facts)) return Number.POSITIVE_INFINITY
  return facts.state === 'Ongoing' ? facts.startMs + facts.timeoutMs : facts.updateMs + expiryMs
}

export function stepTransaction(
  transaction: Transaction,
  input: TransactionInput,
  nowMs: number,
  expiryMs: number,
): TransactionOutput[] {
  switch (input.kind) {
    case 'init': {
      const decision = decideInit(transaction, input.request, input.newProducerId, nowMs)
      return follow(
        transaction,
        decision,
        decision.facts && decision.isFence ? 'fence' : 'init',
        input.ticket,
      )
    }
    case 'add':
      return follow(transaction, decideAdd(transaction, input.request, nowMs), 'add', input.ticket)
    case 'end': {
      const decision = decideEnd(transaction, input.request, input.newProducerId, nowMs)
      return follow(transaction, decision, 'end', input.ticket)
    }
    case 'tick':
      return tick(transaction, nowMs, expiryMs)
    case 'stored':
      return stored(transaction, input.error)
    case 'marked':
      return marked(transaction, input, nowMs)
    default:
      return unreachable(input)
  }
}

/** After the shard was loaded: what was under way goes on. */
export function resumeTransaction({ facts }: Transaction): TransactionOutput[] {
  return isUnderWay(facts) ? [{ kind: 'mark', facts, isRepeated: false }] : []
}

function follow(
  transaction: Transaction,
  decision: TransactionDecision,
  reason: PendingFacts['reason'],
  ticket: ReplyTicket | undefined,
): TransactionOutput[] {
  if (decision.facts) return store(transaction, { facts: decision.facts, reason, ticket })
  return answer(transaction.facts, decision.error, ticket)
}

function store(transaction: Transaction, pending: PendingFacts): TransactionOutput[] {
  transaction.pending = pending
  return [{ kind: 'store', facts: pending.reason === 'expire' ? undefined : pending.facts }]
}

function answer(
  facts: TransactionFacts,
  error: ErrorName,
  ticket: ReplyTicket | undefined,
): TransactionOutput[] {
  if (ticket === undefined) return []
  if (error !== 'NONE') return [{ kind: 'answered', ticket, error, producerId: -1, producerEpoch: -1 }]
  // What the client goes on with: after an exhausted epoch that is the id which is about to come.
  const identity =
    facts.nextProducerId >= 0
      ? { producerId: facts.nextProducerId, producerEpoch: 0 }
      : { producerId: facts.producerId, producerEpoch: facts.producerEpoch }
  return [{ kind: 'answered', ticket, error, ...identity }]
}

function tick(transaction: Transaction, nowMs: number, expiryMs: number): TransactionOutput[] {
  if (nowMs < transactionDeadlineMs(transaction, expiryMs)) return []
  const { facts } = transaction
  if (facts.state === 'Ongoing') {
    return store(transaction, { facts: fenced(facts, nowMs), reason: 'fence', ticket: undefined })
  }
  return store(transaction, { facts: { ...facts, state: 'Dead' }, reason: 'expire', ticket: undefined })
}

function stored(transaction: Transaction, error: ErrorName): TransactionOutput[] {
  const { pending } = transaction
  if (!pending) return []
  transaction.pending = undefined
  if (error !== 'NONE') {
    // The markers are there; with them the transaction is completed again.
    if (pending.reason === 'complete') return [{ kind: 'mark', facts: transaction.facts, isRepeated: true }]
    return answer(transaction.facts, error, pending.ticket)
  }
  const { facts } = pending
  transaction.facts = facts
  switch (pending.reason) {
    case 'init':
    case 'add':
      return answer(facts, 'NONE', pending.ticket)
    case 'end':
      return [...answer(facts, 'NONE', pending.ticket), { kind: 'mark', facts, isRepeated: false }]
    case 'fence':
      return [
        ...answer(facts, 'CONCURRENT_TRANSACTIONS', pending.ticket),
        { kind: 'mark', facts, isRepeated: false },
      ]
    case 'complete':
      return []
    case 'expire':
      return [{ kind: 'forget' }]
    default:
      return unreachable(pending.reason)
  }
}

function marked(
  transaction: Transaction,
  { producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number },
  nowMs: number,
): TransactionOutput[] {
  const { facts, pending } = transaction
  const isSame = facts.producerId === producerId && facts.producerEpoch === producerEpoch
  if (pending || !isUnderWay(facts) || !isSame) return []
  return store(transaction, { facts: completed(facts, nowMs), reason: 'complete', ticket: undefined })
}
