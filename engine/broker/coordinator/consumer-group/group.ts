import type { Partitions } from './partitions.ts'

/** What a member has yet to do before it has its target (KIP-848). */
export type MemberState =
  /** Nothing: it has what its epoch gives it. */
  | 'stable'
  /** To show that it has let go `pendingRevocation`; until then it keeps its epoch. */
  | 'unrevoked'
  /** To wait for partitions that others have not let go yet. */
  | 'unreleased'

export interface ConsumerMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  /** Names, sorted. */
  readonly subscribedTopics: readonly string[]
  /** Topics whose whole name it fits are subscribed to as well; null: none. */
  readonly subscribedRegex: string | null
  /** Null: no preference. */
  readonly assignor: string | null
  /** −2: a static member that left and may return. */
  readonly epoch: number
  /** A member that did not hear of its new epoch comes with this one. */
  readonly previousEpoch: number
  readonly state: MemberState
  readonly assigned: Partitions
  readonly pendingRevocation: Partitions
}

/** A group of the new protocol, as it is stored. Never changed: each step gives another. */
export interface ConsumerGroup {
  readonly groupId: string
  /** Grows when members, subscriptions or topics change. */
  readonly epoch: number
  /** Over what the subscribed topics look like. */
  readonly metadataHash: bigint
  /** The group's epoch that `target` is for. */
  readonly assignmentEpoch: number
  /** Where the group goes, by member. */
  readonly target: ReadonlyMap<string, Partitions>
  readonly members: ReadonlyMap<string, ConsumerMember>
}

export function newConsumerGroup(groupId: string): ConsumerGroup {
  return { groupId, epoch: 0, metadataHash: 0n, assignmentEpoch: 0, target: new Map(), members: new Map() }
}

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

export function stateOf({ epoch, assignmentEpoch, members }: ConsumerGroup): ConsumerGroupState {
  if (members.size === 0) return 'Empty'
  if (epoch > assignmentEpoch) return 'Assigning'
  const isThere = (member: ConsumerMember) => member.state === 'stable' && member.epoch === assignmentEpoch
  return [...members.values()].every(isThere) ? 'Stable' : 'Reconciling'
}
