import type { ErrorName } from '../../protocol/error-codes.ts'

export interface MarkerPartition {
  readonly topic: string
  readonly partition: number
}

/** Ends one transaction in partitions that the asked broker leads. */
export interface MarkersRequest {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly isCommit: boolean
  /** The epoch is higher than that of the transaction's records (KIP-890). */
  readonly isBumped: boolean
  readonly partitions: readonly MarkerPartition[]
}

export interface MarkersAnswer {
  /** In the order of the partitions. */
  readonly errors: readonly ErrorName[]
}

/** A leader asks a transaction's coordinator before it takes the first batch of it (KIP-890). */
export interface JoinTransactionRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly partitions: readonly MarkerPartition[]
  /** Whether the partitions are added, or must be in the transaction already. */
  readonly isAdding: boolean
}

export interface JoinTransactionAnswer {
  /** In the order of the partitions. */
  readonly errors: readonly ErrorName[]
}

/** What brokers ask of each other. JSON on the wire. */
export interface BrokerRequests {
  'write-markers': { request: MarkersRequest; answer: MarkersAnswer }
  'join-transaction': { request: JoinTransactionRequest; answer: JoinTransactionAnswer }
}

export type BrokerRequestKind = keyof BrokerRequests

export type BrokerRequest = {
  [K in BrokerRequestKind]: { readonly kind: K; readonly request: BrokerRequests[K]['request'] }
}[BrokerRequestKind]

export type BrokerAnswer<K extends BrokerRequestKind> = BrokerRequests[K]['answer']
