/** What holds for a group as it is: questions only, nothing changes. */
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { Group, GroupMember, JoinAnswer, JoinRequest, MemberClaim, SyncRequest } from './group.ts'

const nothing = Buffer.alloc(0)

export function claimFault(
  group: Group,
  claim: { memberId: string; instanceId: string | null },
): ErrorName | undefined {
  if (claim.instanceId !== null) {
    const current = group.instances.get(claim.instanceId)
    if (current === undefined) return 'UNKNOWN_MEMBER_ID'
    if (current !== claim.memberId) return 'FENCED_INSTANCE_ID'
  }
  return group.members.has(claim.memberId) ? undefined : 'UNKNOWN_MEMBER_ID'
}

/** Why a join is refused before it changes anything. */
export function joinFault(group: Group, request: JoinRequest, sizeMax: number): ErrorName | undefined {
  if (!group.members.has(request.memberId) && group.members.size >= sizeMax) return 'GROUP_MAX_SIZE_REACHED'
  if (!supportsProtocols(group, request)) return 'INCONSISTENT_GROUP_PROTOCOL'
  const isNew = request.memberId === '' || group.pending.has(request.memberId)
  return isNew ? undefined : claimFault(group, request)
}

/** Why someone is not a member of the present generation. */
export function memberFault(group: Group, claim: MemberClaim): ErrorName | undefined {
  const fault = claimFault(group, claim)
  if (fault) return fault
  return claim.generation === group.generation ? undefined : 'ILLEGAL_GENERATION'
}

export function syncFault(group: Group, request: SyncRequest): ErrorName | undefined {
  const fault = claimFault(group, request)
  if (fault) return fault
  if (request.generation !== group.generation) return 'ILLEGAL_GENERATION'
  const isOtherType = request.protocolType !== null && request.protocolType !== group.protocolType
  const isOtherName = request.protocolName !== null && request.protocolName !== group.protocolName
  if (isOtherType || isOtherName) return 'INCONSISTENT_GROUP_PROTOCOL'
  return group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : undefined
}

function supportsProtocols(group: Group, request: JoinRequest): boolean {
  if (request.protocols.length === 0 || request.protocolType === '') return false
  const others = [...group.members.values()].filter(({ memberId, instanceId }) => {
    return memberId !== request.memberId && (instanceId === null || instanceId !== request.instanceId)
  })
  if (others.length === 0) return true
  if (group.protocolType !== request.protocolType) return false
  return request.protocols.some(({ name }) =>
    others.every((member) => member.protocols.some((protocol) => protocol.name === name)),
  )
}

/** Each member votes for the first of its protocols that all have; ties go to the one that was voted for first. */
export function chooseProtocol(group: Group): string {
  const members = [...group.members.values()]
  const common = (name: string) => members.every((member) => member.protocols.some((p) => p.name === name))
  const votes = new Map<string, number>()
  for (const member of members) {
    const vote = member.protocols.find((protocol) => common(protocol.name))
    if (vote) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
  }
  return [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))[0]
}

export function joinAnswer(group: Group, member: GroupMember): JoinAnswer {
  const { protocolName } = group
  const isLeader = group.leaderId === member.memberId
  return {
    error: 'NONE',
    memberId: member.memberId,
    generation: group.generation,
    protocolType: group.protocolType,
    protocolName,
    leaderId: group.leaderId ?? '',
    skipAssignment: false,
    members: isLeader
      ? [...group.members.values()].map(({ memberId, instanceId, protocols }) => {
          const metadata = protocols.find((protocol) => protocol.name === protocolName)?.metadata ?? nothing
          return { memberId, instanceId, metadata }
        })
      : [],
  }
}

export function sameProtocols(member: GroupMember, request: JoinRequest): boolean {
  if (member.protocols.length !== request.protocols.length) return false
  return member.protocols.every((protocol, i) => {
    const other = request.protocols[i]!
    return protocol.name === other.name && protocol.metadata.equals(other.metadata)
  })
}
