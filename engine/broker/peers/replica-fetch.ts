import type { ErrorName } from '../../protocol/error-codes.ts'

/**
 * A follower's fetch. Like Kafka's incremental fetch sessions (KIP-227): a request names only the partitions whose
 * position changed, an answer only those with news, so a thousand idle partitions cost nothing.
 */
export interface ReplicaFetchRequest {
  readonly followerId: number
  /** Of the follower's registration: goes along with it into the in-sync set (KIP-903). */
  readonly followerEpoch: number
  /** 0 opens a session. */
  readonly sessionId: number
  /** Counts the requests of the session from 0; a gap ends it. */
  readonly sequence: number
  /** Has no answer of its own to wait for: the session's waiting request is to be answered now. */
  readonly isWake: boolean
  readonly partitions: readonly FollowerPosition[]
  readonly forgotten: readonly { readonly topicId: string; readonly partition: number }[]
  readonly maxWaitMs: number
  readonly maxBytes: number
}

export interface FollowerPosition {
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
  /** Everything before it is written at the follower. */
  readonly fetchOffset: number
  /** −1: the follower has nothing. */
  readonly lastFetchedEpoch: number
}

export interface ReplicaFetchAnswer {
  readonly error: 'NONE' | 'FETCH_SESSION_ID_NOT_FOUND' | 'STALE_BROKER_EPOCH'
  readonly sessionId: number
  readonly partitions: readonly FollowerNews[]
}

export interface FollowerNews {
  readonly topicId: string
  readonly partition: number
  readonly error: ErrorName
  readonly highWatermark: number
  readonly logStartOffset: number
  /** The end of the leader's latest epoch that is not beyond the follower's; epoch −1: the logs agree. */
  readonly divergingEpoch: number
  readonly divergingEndOffset: number
  /** Whole batches, in order. */
  readonly batches: readonly Buffer[]
}
