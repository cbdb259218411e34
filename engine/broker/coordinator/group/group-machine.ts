/**
 * The classic group protocol.
 *
 * | state               | input                                  | next                | answers                                |
 * |---------------------|----------------------------------------|---------------------|----------------------------------------|
 * | Empty               | join of a new member                   | PreparingRebalance  | wait; after the initial delay all      |
 * | PreparingRebalance  | every member joined, or time is up     | CompletingRebalance | generation + 1; joins, leader's in full |
 * | PreparingRebalance  | nobody is left                         | Empty               | generation + 1, stored                 |
 * | PreparingRebalance  | sync; heartbeat; commit                | same                | REBALANCE_IN_PROGRESS; same; taken     |
 * | CompletingRebalance | sync of the leader                     | same                | store the assignment                   |
 * | CompletingRebalance | stored                                 | Stable              | syncs, each with its assignment        |
 * | CompletingRebalance | not stored                             | PreparingRebalance  | syncs, with the error                  |
 * | CompletingRebalance | join with other protocols, leave, lost | PreparingRebalance  | syncs: REBALANCE_IN_PROGRESS           |
 * | CompletingRebalance | commit                                 | same                | REBALANCE_IN_PROGRESS                  |
 * | Stable              | sync                                   | same                | the assignment again                   |
 * | Stable              | leader or changed member joins, leave, lost | PreparingRebalance | wait                               |
 * | Stable              | follower joins unchanged               | same                | the generation again                   |
 * | any                 | session over, join or sync not awaited | as for leave        | –                                      |
 * | any                 | another generation                     | same                | ILLEGAL_GENERATION                     |
 *
 * Invariant 9: one owner per partition per generation; a stale generation neither syncs nor commits.
 */
import { unreachable } from '../../../base/assert.ts'
import type { ErrorName } from '../../../protocol/error-codes.ts'
import type {
  Group,
  GroupInput,
  GroupMember,
  GroupOutput,
  JoinRequest,
  LeavingMember,
  MemberClaim,
  ReplyTicket,
  SyncRequest,
} from './group.ts'
import { GroupChange, type GroupLimits } from './group-change.ts'
import {
  chooseProtocol,
  claimFault,
  joinAnswer,
  joinFault,
  memberFault,
  sameProtocols,
  syncFault,
} from './group-rules.ts'

const nothing = Buffer.alloc(0)

export function stepGroup(
  group: Group,
  input: GroupInput,
  nowMs: number,
  limits: GroupLimits,
): GroupOutput[] {
  const change = new GroupChange(group, nowMs, limits)
  new GroupStep(group, limits, change).take(input)
  change.endPhase()
  return change.outputs
}

/** When the group next needs a tick. */
export function groupDeadlineMs(group: Group): number {
  let deadlineMs = group.phaseDeadlineMs
  for (const member of group.members.values()) deadlineMs = Math.min(deadlineMs, member.sessionDeadlineMs)
  for (const pendingMs of group.pending.values()) deadlineMs = Math.min(deadlineMs, pendingMs)
  return deadlineMs
}

/** What an input asks for. */
class GroupStep {
  private readonly group: Group
  private readonly limits: GroupLimits
  private readonly change: GroupChange

  constructor(group: Group, limits: GroupLimits, change: GroupChange) {
    this.group = group
    this.limits = limits
    this.change = change
  }

  take(input: GroupInput): void {
    switch (input.kind) {
      case 'join':
        this.join(input.ticket, input.request)
        return
      case 'sync':
        this.sync(input.ticket, input.request)
        return
      case 'heartbeat':
        this.answer(input.ticket, this.heartbeat(input.claim))
        return
      case 'commit':
        this.answer(input.ticket, this.mayCommit(input.claim))
        return
      case 'leave': {
        const errors = input.members.map((member) => this.leave(member))
        this.change.outputs.push({ kind: 'left', ticket: input.ticket, errors })
        return
      }
      case 'tick':
        this.expire()
        return
      case 'stored':
        this.stored(input.generation, input.error)
        return
      default:
        unreachable(input)
    }
  }

  private answer(ticket: ReplyTicket, error: ErrorName): void {
    this.change.outputs.push({ kind: 'answered', ticket, error })
  }

  private join(ticket: ReplyTicket, request: JoinRequest): void {
    const { group } = this
    const fault = joinFault(group, request, this.limits.sizeMax)
    if (fault) this.change.refuseJoin(ticket, fault, request.memberId)
    else if (request.memberId === '') this.joinUnknown(ticket, request)
    else if (group.pending.delete(request.memberId)) this.add(ticket, request, request.memberId)
    else this.rejoin(ticket, request, group.members.get(request.memberId)!)
  }

  private joinUnknown(ticket: ReplyTicket, request: JoinRequest): void {
    const { group } = this
    const memberId = request.newMemberId
    if (request.instanceId !== null) {
      const old = group.instances.get(request.instanceId)
      if (old === undefined) {
        this.add(ticket, request, memberId)
        return
      }
      this.replaceStatic(ticket, request, group.members.get(old)!)
      return
    }
    if (!request.needsKnownMemberId) {
      this.add(ticket, request, memberId)
      return
    }
    group.pending.set(memberId, this.change.nowMs + request.sessionTimeoutMs)
    this.change.refuseJoin(ticket, 'MEMBER_ID_REQUIRED', memberId)
  }

  private add(ticket: ReplyTicket, request: JoinRequest, memberId: string): void {
    const { group } = this
    const { instanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocols, clientId, clientHost } = request
    const member: GroupMember = {
      memberId,
      instanceId,
      clientId,
      clientHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocols,
      assignment: nothing,
      joinReply: ticket,
      syncReply: undefined,
      hasSynced: false,
      sessionDeadlineMs: this.change.nowMs + sessionTimeoutMs,
    }
    group.members.set(memberId, member)
    if (instanceId !== null) group.instances.set(instanceId, memberId)
    group.protocolType = request.protocolType
    this.change.rebalance()
  }

  private rejoin(ticket: ReplyTicket, request: JoinRequest, member: GroupMember): void {
    const { group } = this
    const isChanged = !sameProtocols(member, request)
    const isLeader = member.memberId === group.leaderId
    const mustRebalance =
      group.state === 'PreparingRebalance' || isChanged || (group.state === 'Stable' && isLeader)
    if (!mustRebalance) {
      this.change.touch(member)
      this.change.outputs.push({ kind: 'joined', ticket, answer: joinAnswer(group, member) })
      return
    }
    this.update(member, request)
    this.supersede(member, ticket)
    this.change.rebalance()
  }

  /** A static member is back under a new id: whoever still uses the old one is fenced (KIP-345). */
  private replaceStatic(ticket: ReplyTicket, request: JoinRequest, member: GroupMember): void {
    const { group } = this
    const oldId = member.memberId
    const wasLeader = group.leaderId === oldId
    if (member.joinReply !== undefined) this.change.refuseJoin(member.joinReply, 'FENCED_INSTANCE_ID', oldId)
    if (member.syncReply !== undefined) this.change.replySync(member.syncReply, 'FENCED_INSTANCE_ID', nothing)
    member.joinReply = undefined
    member.syncReply = undefined
    const before = group.protocolName
    group.members.delete(oldId)
    member.memberId = request.newMemberId
    group.members.set(member.memberId, member)
    group.instances.set(member.instanceId!, member.memberId)
    if (wasLeader) group.leaderId = member.memberId
    const isChanged = !sameProtocols(member, request)
    this.update(member, request)
    if (group.state === 'Stable' && (!isChanged || chooseProtocol(group) === before)) {
      const answer = joinAnswer(group, member)
      const skipAssignment = wasLeader && request.canSkipAssignment
      // An older client must not take itself for the leader: it would assign anew.
      const leaderId = wasLeader && !skipAssignment ? oldId : answer.leaderId
      const members = skipAssignment ? answer.members : []
      this.change.outputs.push({
        kind: 'joined',
        ticket,
        answer: { ...answer, leaderId, skipAssignment, members },
      })
      this.change.store()
      return
    }
    member.joinReply = ticket
    this.change.rebalance()
  }

  private update(member: GroupMember, request: JoinRequest): void {
    member.protocols = request.protocols
    member.clientId = request.clientId
    member.clientHost = request.clientHost
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    this.change.touch(member)
  }

  /** A member has one join at a time: an earlier one, of a connection that broke, is answered with nothing to do. */
  private supersede(member: GroupMember, ticket: ReplyTicket): void {
    if (member.joinReply !== undefined) {
      this.change.refuseJoin(member.joinReply, 'REBALANCE_IN_PROGRESS', member.memberId)
    }
    member.joinReply = ticket
  }

  private sync(ticket: ReplyTicket, request: SyncRequest): void {
    const { group } = this
    const fault = syncFault(group, request)
    if (fault) {
      this.change.replySync(ticket, fault, nothing)
      return
    }
    const member = group.members.get(request.memberId)!
    this.change.touch(member)
    if (group.state === 'Stable') {
      this.change.replySync(ticket, 'NONE', member.assignment)
      return
    }
    member.hasSynced = true
    if (member.syncReply !== undefined)
      this.change.replySync(member.syncReply, 'REBALANCE_IN_PROGRESS', nothing)
    member.syncReply = ticket
    if (member.memberId !== group.leaderId) return
    const given = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]))
    for (const each of group.members.values()) each.assignment = given.get(each.memberId) ?? nothing
    this.change.store()
  }

  private stored(generation: number, error: ErrorName): void {
    const { group } = this
    if (group.state !== 'CompletingRebalance' || group.generation !== generation) return
    if (error !== 'NONE') {
      this.change.failSyncs(error)
      this.change.rebalance()
      return
    }
    this.change.enter('Stable', Number.POSITIVE_INFINITY)
    for (const member of group.members.values()) {
      if (member.syncReply === undefined) continue
      this.change.replySync(member.syncReply, 'NONE', member.assignment)
      member.syncReply = undefined
      this.change.touch(member)
    }
  }

  private heartbeat(claim: MemberClaim): ErrorName {
    const fault = memberFault(this.group, claim)
    if (fault) return fault
    this.change.touch(this.group.members.get(claim.memberId)!)
    return this.group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  private mayCommit(claim: MemberClaim): ErrorName {
    // Consumers without group management, and administrators, commit to groups that nobody is in.
    if (claim.generation < 0 && this.group.state === 'Empty') return 'NONE'
    const fault = memberFault(this.group, claim)
    if (fault) return fault
    this.change.touch(this.group.members.get(claim.memberId)!)
    return this.group.state === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  private leave(leaving: LeavingMember): ErrorName {
    const { group } = this
    if (leaving.instanceId !== null && leaving.memberId === '') {
      const memberId = group.instances.get(leaving.instanceId)
      if (memberId === undefined) return 'UNKNOWN_MEMBER_ID'
      this.change.remove(group.members.get(memberId)!)
      return 'NONE'
    }
    if (leaving.instanceId === null && group.pending.delete(leaving.memberId)) return 'NONE'
    const fault = claimFault(group, leaving)
    if (fault) return fault
    this.change.remove(group.members.get(leaving.memberId)!)
    return 'NONE'
  }

  private expire(): void {
    const { group } = this
    const { nowMs } = this.change
    for (const [memberId, deadlineMs] of group.pending)
      if (nowMs >= deadlineMs) group.pending.delete(memberId)
    for (const member of [...group.members.values()]) {
      if (nowMs < member.sessionDeadlineMs) continue
      // Who waits for our answer can't send heartbeats.
      if (member.joinReply !== undefined || member.syncReply !== undefined) this.change.touch(member)
      else this.change.remove(member)
    }
    if (group.state !== 'CompletingRebalance' || nowMs < group.phaseDeadlineMs) return
    group.phaseDeadlineMs = Number.POSITIVE_INFINITY
    for (const member of [...group.members.values()]) if (!member.hasSynced) this.change.remove(member)
  }
}
