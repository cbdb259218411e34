import type { ConsumerGroup, ConsumerMember } from './group.ts'
import {
  areSame,
  both,
  each,
  noPartitions,
  overlaps,
  type Partitions,
  together,
  where,
  without,
} from './partitions.ts'

/**
 * Takes a member a step nearer to its target (KIP-848). A partition is nobody's until the one that has it has shown that
 * it let it go: no two members ever have the same one.
 *
 * | state       | when                                                   | next                                              |
 * |-------------|--------------------------------------------------------|---------------------------------------------------|
 * | stable      | the target is of a later epoch                         | as below                                          |
 * | unrevoked   | it still owns some of what it is to let go             | unchanged                                         |
 * | any other   | it owns something that is not in the target            | unrevoked, in its old epoch                       |
 * | any other   | some of the target is free, or nothing is missing      | takes it; stable, or unreleased while more is missing |
 *
 * @param owned what the member says that it owns; null: as before
 */
export function reconciled(
  group: ConsumerGroup,
  member: ConsumerMember,
  owned: Partitions | null,
): ConsumerMember {
  if (member.state === 'stable' && member.epoch === group.assignmentEpoch) return member
  if (member.state === 'unrevoked' && (owned === null || overlaps(owned, member.pendingRevocation)))
    return member
  const target = group.target.get(member.memberId) ?? noPartitions
  const kept = both(member.assigned, target)
  const going = without(member.assigned, target)
  if (going.size > 0 && (owned === null || overlaps(owned, going))) {
    return {
      ...member,
      state: 'unrevoked',
      assigned: kept,
      pendingRevocation: going,
      ...advanced(member, member.epoch),
    }
  }
  const taken = takenByOthers(group, member)
  const missing = without(target, kept)
  const free = where(missing, (topicId, partition) => !taken.get(topicId)?.has(partition))
  const isWhole = areSame(free, missing)
  return {
    ...member,
    state: isWhole ? 'stable' : 'unreleased',
    assigned: together(kept, free),
    pendingRevocation: noPartitions,
    ...advanced(member, group.assignmentEpoch),
  }
}

function advanced(member: ConsumerMember, epoch: number) {
  return { epoch, previousEpoch: member.epoch }
}

function takenByOthers({ members }: ConsumerGroup, { memberId }: ConsumerMember): Map<string, Set<number>> {
  const taken = new Map<string, Set<number>>()
  for (const other of members.values()) {
    if (other.memberId === memberId) continue
    for (const partitions of [other.assigned, other.pendingRevocation]) {
      for (const [topicId, partition] of each(partitions)) {
        const set = taken.get(topicId)
        if (set) set.add(partition)
        else taken.set(topicId, new Set([partition]))
      }
    }
  }
  return taken
}
