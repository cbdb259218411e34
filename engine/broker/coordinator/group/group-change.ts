import type { ErrorName } from '../../../protocol/error-codes.ts'
import type { Group, GroupMember, GroupOutput, ReplyTicket } from './group.ts'
import { chooseProtocol, joinAnswer } from './group-rules.ts'

export interface GroupLimits {
  readonly initialDelayMs: number
  readonly sizeMax: number
}

const nothing = Buffer.alloc(0)

/** How a group goes from phase to phase, whoever brings it about, and who is to be answered by it. */
export class GroupChange {
  readonly outputs: GroupOutput[] = []
  readonly nowMs: number
  private readonly group: Group
  private readonly limits: GroupLimits

  constructor(group: Group, nowMs: number, limits: GroupLimits) {
    this.group = group
    this.nowMs = nowMs
    this.limits = limits
  }

  /** What time or the last arrival has brought about. */
  endPhase(): void {
    const { group } = this
    if (group.state !== 'PreparingRebalance') return
    const members = [...group.members.values()]
    const isComplete = members.every((member) => member.joinReply !== undefined) && group.pending.size === 0
    if (this.nowMs >= group.phaseDeadlineMs || (isComplete && !group.gathersFirst)) this.completeJoin()
  }

  rebalance(): void {
    const { group } = this
    if (group.state === 'PreparingRebalance') return
    group.gathersFirst = group.state === 'Empty'
    if (group.state === 'CompletingRebalance') this.failSyncs('REBALANCE_IN_PROGRESS')
    const timeouts = [...group.members.values()].map((member) => member.rebalanceTimeoutMs)
    const waitMs = group.gathersFirst ? this.limits.initialDelayMs : Math.max(...timeouts)
    this.enter('PreparingRebalance', this.nowMs + waitMs)
  }

  enter(state: Group['state'], phaseDeadlineMs: number): void {
    this.group.state = state
    this.group.stateSinceMs = this.nowMs
    this.group.phaseDeadlineMs = phaseDeadlineMs
  }

  private completeJoin(): void {
    const { group } = this
    for (const member of [...group.members.values()]) {
      // Static members stay until their session is over.
      if (member.joinReply === undefined && member.instanceId === null) this.drop(member)
    }
    group.generation++
    if (group.members.size === 0) {
      group.protocolName = null
      group.leaderId = null
      this.enter('Empty', Number.POSITIVE_INFINITY)
      this.store()
      return
    }
    const joined = [...group.members.values()].filter((member) => member.joinReply !== undefined)
    if (!joined.some((member) => member.memberId === group.leaderId)) {
      group.leaderId = (joined[0] ?? group.members.values().next().value!).memberId
    }
    group.protocolName = chooseProtocol(group)
    const timeouts = [...group.members.values()].map((member) => member.rebalanceTimeoutMs)
    this.enter('CompletingRebalance', this.nowMs + Math.max(...timeouts))
    for (const member of group.members.values()) {
      member.hasSynced = false
      member.assignment = nothing
      if (member.joinReply === undefined) continue
      this.touch(member)
      this.outputs.push({ kind: 'joined', ticket: member.joinReply, answer: joinAnswer(group, member) })
      member.joinReply = undefined
    }
  }

  refuseJoin(ticket: ReplyTicket, error: ErrorName, memberId: string): void {
    const none = { protocolType: null, protocolName: null, leaderId: '', skipAssignment: false, members: [] }
    this.outputs.push({ kind: 'joined', ticket, answer: { error, memberId, generation: -1, ...none } })
  }

  replySync(ticket: ReplyTicket, error: ErrorName, assignment: Buffer): void {
    const { protocolType, protocolName } = this.group
    this.outputs.push({ kind: 'synced', ticket, answer: { error, protocolType, protocolName, assignment } })
  }

  store(): void {
    const { generation, members } = this.group
    const assignments = new Map([...members.values()].map((member) => [member.memberId, member.assignment]))
    this.outputs.push({ kind: 'store', generation, assignments })
  }

  failSyncs(error: ErrorName): void {
    for (const member of this.group.members.values()) {
      member.assignment = nothing
      if (member.syncReply === undefined) continue
      this.replySync(member.syncReply, error, nothing)
      member.syncReply = undefined
    }
  }

  remove(member: GroupMember): void {
    this.drop(member)
    this.rebalance()
    // With nobody left there is nobody to wait for.
    if (this.group.members.size === 0) this.group.phaseDeadlineMs = this.nowMs
  }

  drop(member: GroupMember): void {
    const { group } = this
    group.members.delete(member.memberId)
    if (member.instanceId !== null) group.instances.delete(member.instanceId)
    if (group.leaderId === member.memberId) group.leaderId = null
    if (member.joinReply !== undefined)
      this.refuseJoin(member.joinReply, 'UNKNOWN_MEMBER_ID', member.memberId)
    if (member.syncReply !== undefined) this.replySync(member.syncReply, 'UNKNOWN_MEMBER_ID', nothing)
  }

  touch(member: GroupMember): void {
    member.sessionDeadlineMs = this.nowMs + member.sessionTimeoutMs
  }
}
