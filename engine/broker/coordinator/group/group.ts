import type { ErrorName } from '../../../protocol/error-codes.ts'

export type GroupStateName = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export interface GroupProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface GroupMember {
  memberId: string
  readonly instanceId: string | null
  clientId: string
  clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly GroupProtocol[]
  assignment: Buffer
  /** Whom to answer when the join phase ends; undefined: it has not joined this one. */
  joinReply: ReplyTicket | undefined
  /** Whom to answer when the assignment is there. */
  syncReply: ReplyTicket | undefined
  hasSynced: boolean
  sessionDeadlineMs: number
}

/** Names a request that waits for its answer. */
export type ReplyTicket = number

/** A group of the classic protocol, without the offsets that it committed. */
export interface Group {
  readonly groupId: string
  state: GroupStateName
  generation: number
  protocolType: string | null
  protocolName: string | null
  leaderId: string | null
  /** In the order in which they joined. */
  readonly members: Map<string, GroupMember>
  /** Static members: the member id behind each instance id (KIP-345). */
  readonly instances: Map<string, string>
  /** Member ids that were given out and have not come back (KIP-394), with when they are forgotten. */
  readonly pending: Map<string, number>
  /** When the join phase ends whoever is missing; of the sync phase: when who has not synced is removed. */
  phaseDeadlineMs: number
  /** The join phase lasts until its deadline, whoever has joined: further members of a new group may come. */
  gathersFirst: boolean
  stateSinceMs: number
}

export function newGroup(groupId: string, nowMs: number): Group {
  return {
    groupId,
    state: 'Empty',
    generation: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    members: new Map(),
    instances: new Map(),
    pending: new Map(),
    phaseDeadlineMs: Number.POSITIVE_INFINITY,
    gathersFirst: false,
    stateSinceMs: nowMs,
  }
}

export interface JoinRequest {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly GroupProtocol[]
  /** The client comes back with the id that it is given first (v4 and later). */
  readonly needsKnownMemberId: boolean
  /** The client understands an answer that makes it leader without work (v9 and later). */
  readonly canSkipAssignment: boolean
  /** The id to give if it has none. */
  readonly newMemberId: string
}

export interface JoinAnswer {
  readonly error: ErrorName
  readonly memberId: string
  readonly generation: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string
  readonly skipAssignment: boolean
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly metadata: Buffer
  }[]
}

export interface MemberClaim {
  readonly memberId: string
  readonly instanceId: string | null
  readonly generation: number
}

export interface SyncRequest extends MemberClaim {
  /** Null: the client does not say. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export interface SyncAnswer {
  readonly error: ErrorName
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export interface LeavingMember {
  readonly memberId: string
  readonly instanceId: string | null
}

export type GroupInput =
  | { readonly kind: 'join'; readonly ticket: ReplyTicket; readonly request: JoinRequest }
  | { readonly kind: 'sync'; readonly ticket: ReplyTicket; readonly request: SyncRequest }
  | { readonly kind: 'heartbeat'; readonly ticket: ReplyTicket; readonly claim: MemberClaim }
  | { readonly kind: 'leave'; readonly ticket: ReplyTicket; readonly members: readonly LeavingMember[] }
  /** Whether a commit by this member may be written. */
  | { readonly kind: 'commit'; readonly ticket: ReplyTicket; readonly claim: MemberClaim }
  | { readonly kind: 'tick' }
  /** What `store` asked for has been done, or could not be. */
  | { readonly kind: 'stored'; readonly generation: number; readonly error: ErrorName }

export type GroupOutput =
  | { readonly kind: 'joined'; readonly ticket: ReplyTicket; readonly answer: JoinAnswer }
  | { readonly kind: 'synced'; readonly ticket: ReplyTicket; readonly answer: SyncAnswer }
  | { readonly kind: 'answered'; readonly ticket: ReplyTicket; readonly error: ErrorName }
  | { readonly kind: 'left'; readonly ticket: ReplyTicket; readonly errors: readonly ErrorName[] }
  /** Write the group as it is with `assignments`, then give back `stored`. */
  | {
      readonly kind: 'store'
      readonly generation: number
      readonly assignments: ReadonlyMap<string, Buffer>
    }
