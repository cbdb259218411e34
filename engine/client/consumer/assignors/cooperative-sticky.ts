import type { AssignorMember, AssignorResult, PartitionAssignor } from '../../api.ts'
import { balance, keyOf } from './balance.ts'
import { toResults } from './common.ts'

/**
 * Kafka's `cooperative-sticky` (KIP-429): as `sticky`, but nobody stops for a rebalance. What is to move is first only
 * taken away from its owner; the round that follows gives it to the new one.
 */
export const cooperativeStickyAssignor: PartitionAssignor = {
  name: 'cooperative-sticky',
  protocol: 'cooperative',
  assign: assignCooperatively,
}

function assignCooperatively(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): ReadonlyMap<string, AssignorResult> {
  const owners = new Map<string, string>()
  for (const member of members) {
    for (const partition of member.owned) owners.set(keyOf(partition), member.memberId)
  }
  const wanted = balance(members, partitionCounts)
  for (const [memberId, partitions] of wanted) {
    const isFree = (owner: string | undefined) => owner === undefined || owner === memberId
    wanted.set(
      memberId,
      partitions.filter((partition) => isFree(owners.get(keyOf(partition)))),
    )
  }
  return toResults(wanted)
}
