/** What the quorum's members say to each other, and what they keep. One-way messages: an answer is a message too. */

/** One unit of replication: metadata records that apply together, as JSON text; empty: a new leader's first entry. */
export interface RaftEntry {
  readonly epoch: number
  readonly payload: string
}

/** Everything up to and including the entry `index`, as one value. */
export interface RaftSnapshot {
  readonly index: number
  readonly epoch: number
  readonly image: string
}

export type RaftMessage =
  | {
      readonly kind: 'vote'
      /** Of a pre-vote: the epoch that the sender would open; nobody's epoch changes by it. */
      readonly epoch: number
      readonly pre: boolean
      readonly lastIndex: number
      readonly lastEpoch: number
    }
  | {
      readonly kind: 'vote-reply'
      /** The receiver's own epoch; for a granted pre-vote the epoch that was asked for. */
      readonly epoch: number
      readonly pre: boolean
      readonly granted: boolean
    }
  | {
      readonly kind: 'append'
      readonly epoch: number
      readonly prevIndex: number
      readonly prevEpoch: number
      readonly entries: readonly RaftEntry[]
      readonly commitIndex: number
    }
  | { readonly kind: 'snapshot'; readonly epoch: number; readonly snapshot: RaftSnapshot }
  | {
      readonly kind: 'append-reply'
      readonly epoch: number
      readonly success: boolean
      /** With success: the last entry known to be equal and durable. Otherwise: the last one worth trying. */
      readonly index: number
    }

export type RaftInput =
  | { readonly kind: 'tick' }
  | { readonly kind: 'message'; readonly from: number; readonly message: RaftMessage }
  | { readonly kind: 'propose'; readonly payload: string }
  /** The entries up to `index` are durable here, if that one is still of `epoch`. */
  | { readonly kind: 'persisted'; readonly index: number; readonly epoch: number }
  /** The way to a member broke: if it led, do not wait for the election timeout. */
  | { readonly kind: 'peer-lost'; readonly peer: number }
  /** All up to the snapshot's index lives on in it: the entries may go. */
  | { readonly kind: 'compacted'; readonly snapshot: RaftSnapshot }

/** What the driver must do: first what is durable, synced, then the sends. */
export interface RaftEffects {
  vote: { readonly epoch: number; readonly votedFor: number } | undefined
  /** Replaces what is stored from `fromIndex` on. */
  store: { readonly fromIndex: number; readonly entries: RaftEntry[] } | undefined
  install: RaftSnapshot | undefined
  send: { readonly to: number; readonly message: RaftMessage }[]
}

export interface RaftOptions {
  readonly id: number
  readonly voters: readonly number[]
  readonly electionTimeoutMs: number
  readonly heartbeatMs: number
}
