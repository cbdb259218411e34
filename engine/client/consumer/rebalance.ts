import type { RebalanceListener, TopicPartition } from '../api.ts'
import type { Assignment } from './assignment.ts'
import { keyOf } from './assignors/balance.ts'
import type { JoinResult } from './group/join.ts'
import type { Membership } from './group/membership.ts'

export interface RebalanceWorld {
  readonly membership: Membership
  readonly assignment: Assignment
  readonly isCooperative: boolean
  readonly topics: () => readonly string[]
  readonly listener: () => RebalanceListener | undefined
  /** Commits where that is automatic; failures are only logged. */
  commitBeforeGivingUp(partitions: readonly TopicPartition[]): Promise<void>
}

/**
 * Poll's part in rebalances: takes in what the membership has found out, calls the listener, and starts joins. Runs
 * until there is nothing left to do at the moment.
 */
export async function rebalance(world: RebalanceWorld): Promise<void> {
  const { membership } = world
  for (;;) {
    if (membership.takeLost()) await lose(world)
    const result = membership.takeResult()
    if (result !== undefined) await takeInOrJoinAgain(world, result)
    else if (membership.wantsToJoin && world.topics().length > 0) await join(world)
    else return
  }
}

async function lose({ assignment, listener }: RebalanceWorld): Promise<void> {
  const lost = assignment.partitions()
  assignment.set([])
  const told = listener()
  if (lost.length > 0) await (told?.onLost ? told.onLost(lost) : told?.onRevoked?.(lost))
}

/** Eagerly all partitions are given up before; cooperatively only those of topics no longer read. */
async function join(world: RebalanceWorld): Promise<void> {
  const { membership, assignment, isCooperative } = world
  const owned = assignment.partitions()
  const topics = new Set(world.topics())
  const kept = isCooperative ? owned.filter(({ topic }) => topics.has(topic)) : []
  await giveUp(world, without(owned, kept), kept)
  // The callback may have taken long enough for all to be lost.
  if (membership.wantsToJoin) membership.join(world.topics(), isCooperative ? assignment.partitions() : owned)
}

/** Whatever a callback throws goes to who polls; what it should have done is done with the next assignment. */
async function takeInOrJoinAgain(world: RebalanceWorld, result: JoinResult): Promise<void> {
  try {
    await takeIn(world, result)
  } catch (thrown) {
    if (world.membership.isCurrent(result)) world.membership.requestJoin()
    throw thrown
  }
}

async function takeIn(world: RebalanceWorld, result: JoinResult): Promise<void> {
  const { membership, assignment, listener } = world
  const owned = assignment.partitions()
  const added = without(result.partitions, owned)
  const revoked = without(owned, result.partitions)
  await giveUp(world, revoked, without(owned, revoked))
  if (!membership.isCurrent(result)) return
  assignment.set(result.partitions)
  result.assignor.onAssigned?.(result.partitions, result.userData, result.identity.generation)
  try {
    await listener()?.onAssigned?.(added)
  } catch (thrown) {
    // Not owned until the listener has taken them: else it would never be told of them.
    assignment.set(without(result.partitions, added))
    throw thrown
  }
  // Others wait for what was given up here (KIP-429).
  if (revoked.length > 0) membership.requestJoin()
}

async function giveUp(
  world: RebalanceWorld,
  revoked: readonly TopicPartition[],
  kept: readonly TopicPartition[],
): Promise<void> {
  if (revoked.length === 0) return
  await world.commitBeforeGivingUp(revoked)
  await world.listener()?.onRevoked?.(revoked)
  world.assignment.set(kept)
}

function without(some: readonly TopicPartition[], others: readonly TopicPartition[]): TopicPartition[] {
  const keys = new Set(others.map(keyOf))
  return some.filter((one) => !keys.has(keyOf(one)))
}
