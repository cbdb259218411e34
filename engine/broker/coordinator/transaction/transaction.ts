import type { ErrorName } from '../../../protocol/error-codes.ts'

export type TransactionStateName =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'

/** 0 and 1: the producer announces its partitions. 2: every end gives it a new epoch (KIP-890). */
export type ClientTransactionVersion = 0 | 1 | 2

export const noProducerId = -1
export const noProducerEpoch = -1
/** The last epoch that a client is given: one more is left for the marker that ends its last transaction. */
export const clientEpochMax = 32_766

/** By topic. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>

export const noPartitions: TransactionPartitions = new Map()

/** What of a transactional id is stored; replaced as a whole. */
export interface TransactionFacts {
  readonly state: TransactionStateName
  readonly producerId: number
  readonly producerEpoch: number
  /** Of the id before an exhausted epoch made a new one necessary: whoever still uses it may be told. */
  readonly previousProducerId: number
  /** What replaces the id when the transaction is complete; −1: nothing does. */
  readonly nextProducerId: number
  /** The epoch that was replaced at the client's own wish: its requests may be repeated. −1: the client was fenced. */
  readonly lastProducerEpoch: number
  readonly timeoutMs: number
  readonly partitions: TransactionPartitions
  /** By the wall clock, as all here; −1: no transaction has begun yet. */
  readonly startMs: number
  readonly updateMs: number
  readonly clientVersion: ClientTransactionVersion
}

/** A transactional id, and the one transaction that it can have. */
export interface Transaction {
  readonly transactionalId: string
  facts: TransactionFacts
  /** Being written; until that has come to an end nothing else can begin. */
  pending: PendingFacts | undefined
}

/** Names a request that waits for its answer. */
export type ReplyTicket = number

export interface PendingFacts {
  readonly facts: TransactionFacts
  readonly reason: 'init' | 'add' | 'end' | 'fence' | 'complete' | 'expire'
  readonly ticket: ReplyTicket | undefined
}

export interface ProducerClaim {
  readonly producerId: number
  readonly producerEpoch: number
}

export interface InitRequest {
  readonly timeoutMs: number
  /** What the client has now; undefined: nothing, it has just started (KIP-360). */
  readonly claim: ProducerClaim | undefined
}

export interface EndRequest extends ProducerClaim {
  readonly isCommit: boolean
  readonly clientVersion: ClientTransactionVersion
}

export interface AddRequest extends ProducerClaim {
  readonly partitions: TransactionPartitions
  readonly clientVersion: ClientTransactionVersion
}

export type TransactionInput =
  | {
      readonly kind: 'init'
      readonly ticket: ReplyTicket
      readonly request: InitRequest
      /** Given when `needsProducerId` said so. */
      readonly newProducerId?: number | undefined
    }
  | { readonly kind: 'add'; readonly ticket: ReplyTicket; readonly request: AddRequest }
  | {
      readonly kind: 'end'
      readonly ticket: ReplyTicket
      readonly request: EndRequest
      readonly newProducerId?: number | undefined
    }
  | { readonly kind: 'tick' }
  /** What `store` asked for has been done, or could not be. */
  | { readonly kind: 'stored'; readonly error: ErrorName }
  /** Each partition has its marker, or is gone. */
  | { readonly kind: 'marked'; readonly producerId: number; readonly producerEpoch: number }

export interface TransactionAnswer {
  readonly kind: 'answered'
  readonly ticket: ReplyTicket
  readonly error: ErrorName
  /** −1 with an error. */
  readonly producerId: number
  readonly producerEpoch: number
}

export type TransactionOutput =
  | TransactionAnswer
  /** Write the facts (undefined: a tombstone), then give back `stored`. */
  | { readonly kind: 'store'; readonly facts: TransactionFacts | undefined }
  /** End the transaction in all its partitions, then give back `marked`. */
  | { readonly kind: 'mark'; readonly facts: TransactionFacts; readonly isRepeated: boolean }
  /** There is no such transactional id any more. */
  | { readonly kind: 'forget' }

export function newTransaction(
  transactionalId: string,
  producerId: number,
  timeoutMs: number,
  nowMs: number,
): Transaction {
  return {
    transactionalId,
    facts: {
      state: 'Empty',
      producerId,
      producerEpoch: noProducerEpoch,
      previousProducerId: noProducerId,
      nextProducerId: noProducerId,
      lastProducerEpoch: noProducerEpoch,
      timeoutMs,
      partitions: noPartitions,
      startMs: -1,
      updateMs: nowMs,
      clientVersion: 0,
    },
    pending: undefined,
  }
}

export function withPartitions(
  known: TransactionPartitions,
  added: TransactionPartitions,
): TransactionPartitions {
  const all = new Map(known)
  for (const [topic, partitions] of added) all.set(topic, new Set([...(all.get(topic) ?? []), ...partitions]))
  return all
}

export function containsPartitions(known: TransactionPartitions, asked: TransactionPartitions): boolean {
  return [...asked].every(([topic, partitions]) =>
    [...partitions].every((partition) => known.get(topic)?.has(partition)),
  )
}
