import { assert } from '../../../base/assert.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import {
  newTransaction,
  type Transaction,
  type TransactionAnswer,
  type TransactionFacts,
  type TransactionInput,
  type TransactionOutput,
  type TransactionPartitions,
} from './transaction.ts'
import { needsProducerId, stepTransaction } from './transaction-machine.ts'

export const expiryMs = 1_000_000
export const orders: TransactionPartitions = new Map([['orders', new Set([0, 1])]])

/** For the tests beside it: a transactional id whose writes succeed at once unless told otherwise. */
export class Bench {
  nowMs = 1000
  readonly transaction: Transaction = newTransaction('t', 7, 60_000, 1000)
  readonly marks: TransactionFacts[] = []
  isForgotten = false
  /** What the next writes come to. */
  writes: ErrorName[] = []
  holdsWrites = false
  private answers: TransactionAnswer[] = []

  get facts(): TransactionFacts {
    return this.transaction.facts
  }

  ask(input: TransactionInput): string {
    this.answers = []
    this.step(input)
    const [given] = this.answers
    if (!given) return 'waiting'
    return given.error === 'NONE' ? `${given.producerId}/${given.producerEpoch}` : given.error
  }

  init(claim?: { producerId: number; producerEpoch: number }, timeoutMs = 60_000): string {
    const newProducerId = needsProducerId(this.transaction, 0) ? 99 : undefined
    return this.ask({ kind: 'init', ticket: 1, request: { timeoutMs, claim }, newProducerId })
  }

  add(producerEpoch: number, partitions = orders, clientVersion: 1 | 2 = 1): string {
    const request = { producerId: this.facts.producerId, producerEpoch, partitions, clientVersion }
    return this.ask({ kind: 'add', ticket: 1, request })
  }

  end(isCommit: boolean, producerEpoch: number, clientVersion: 1 | 2, producerId = this.facts.producerId) {
    const newProducerId = needsProducerId(this.transaction, clientVersion) ? 99 : undefined
    const request = { producerId, producerEpoch, isCommit, clientVersion }
    return this.ask({ kind: 'end', ticket: 1, request, newProducerId })
  }

  /** The markers of the transaction under way are written. */
  mark(facts = this.marks.at(-1)!): void {
    const { producerId, producerEpoch } = facts
    this.step({ kind: 'marked', producerId, producerEpoch })
  }

  /** From the start to an open transaction at the epoch. */
  begin(producerEpoch: number, clientVersion: 1 | 2): void {
    this.transaction.facts = { ...this.facts, producerEpoch: producerEpoch - 1 }
    const begun = `${this.facts.producerId}/${producerEpoch}`
    assert(this.init() === begun, 'the producer gets the epoch')
    assert(this.add(producerEpoch, orders, clientVersion) === begun, 'the transaction begins')
  }

  step(input: TransactionInput): void {
    for (const output of stepTransaction(this.transaction, input, this.nowMs, expiryMs)) this.take(output)
  }

  private take(output: TransactionOutput): void {
    if (output.kind === 'answered') this.answers.push(output)
    else if (output.kind === 'mark') this.marks.push(output.facts)
    else if (output.kind === 'forget') this.isForgotten = true
    else if (!this.holdsWrites) this.step({ kind: 'stored', error: this.writes.shift() ?? 'NONE' })
  }
}
