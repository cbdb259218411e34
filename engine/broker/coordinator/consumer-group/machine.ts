/**
 * The coordinator's side of KIP-848, without I/O: from a group and a request to another group and an answer. Whoever runs it
 * stores what differs, and answers then. A group, from here:
 *
 * | input                                    | effect                                                                  |
 * |------------------------------------------|-------------------------------------------------------------------------|
 * | epoch 0: a member joins, or comes again  | group epoch + 1 if it is new or wants other topics                      |
 * | its epoch: heartbeat                     | group epoch + 1 if it wants other topics, or these have changed          |
 * | epoch −1: leaves; session or rebalance over | gone; group epoch + 1                                                |
 * | epoch −2: a static member leaves to return | keeps what it has until its session is over                           |
 * | any of the first two                     | target for the group's epoch, if there is none; a step of the member to it |
 */
import type { ErrorName } from '../../../protocol/error-codes.ts'
import { type AssignedMember, serverAssignors } from './assignors.ts'
import type { ConsumerGroup, ConsumerMember } from './group.ts'
import { areSame, covers, noPartitions, type Partitions } from './partitions.ts'
import { reconciled } from './reconciliation.ts'

export const joinEpoch = 0
export const leaveEpoch = -1
export const returnEpoch = -2

/** Null, and −1 of the timeout: as before. */
export interface MemberHeartbeat {
  readonly memberId: string
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly rebalanceTimeoutMs: number
  readonly subscribedTopics: readonly string[] | null
  /** Empty: none. */
  readonly subscribedRegex: string | null
  readonly assignor: string | null
  readonly owned: Partitions | null
  readonly clientId: string
  readonly clientHost: string
}

export interface GroupContext {
  /** Topics that are there, by name. */
  topic(name: string): { readonly topicId: string; readonly partitions: number } | undefined
  /** Names of the topics that are there and that the regular expression fits. */
  matching(regex: string): readonly string[]
  /** What is wrong with the regular expression. */
  regexFault(regex: string): string | undefined
  readonly sizeMax: number
  /** group.consumer.assignors; the first is the default. */
  readonly assignors: readonly string[]
}

export interface HeartbeatAnswer {
  readonly error: ErrorName
  readonly message?: string
  readonly memberId: string
  readonly memberEpoch: number
  /** Undefined: as before. */
  readonly assignment?: Partitions
}

export interface Step {
  readonly group: ConsumerGroup
  readonly answer: HeartbeatAnswer
}

export function heartbeat(group: ConsumerGroup, request: MemberHeartbeat, context: GroupContext): Step {
  const fault = requestFault(request, context)
  if (fault) return refuse(group, request, fault.error, fault.message)
  if (request.memberEpoch < joinEpoch) return leave(group, request)
  const before = request.memberEpoch === joinEpoch ? joining(group, request, context) : known(group, request)
  if ('error' in before) return refuse(group, request, before.error, before.message)
  const { member, replaces } = before
  const updated = updatedBy(member, request)
  const changed = withMember(group, updated, replaces)
  const grown = grownIfNeeded(group, changed, updated, context)
  const targeted = grown.epoch > grown.assignmentEpoch ? withTarget(grown, context) : grown
  const next = reconciled(targeted, updated, request.owned)
  const isFull =
    request.memberEpoch === joinEpoch ||
    (request.rebalanceTimeoutMs !== -1 && isSubscribing(request) && request.owned !== null)
  return {
    group: next === updated ? targeted : withMember(targeted, next),
    answer: {
      error: 'NONE',
      memberId: next.memberId,
      memberEpoch: next.epoch,
      ...(isFull || !areSame(member.assigned, next.assigned) ? { assignment: next.assigned } : {}),
    },
  }
}

function isSubscribing({ subscribedTopics, subscribedRegex }: MemberHeartbeat): boolean {
  return subscribedTopics !== null || subscribedRegex !== null
}

/** It has been silent, or has let nothing go, for too long. */
export function withoutMember(group: ConsumerGroup, memberId: string): ConsumerGroup {
  if (!group.members.has(memberId)) return group
  const members = new Map(group.members)
  const target = new Map(group.target)
  members.delete(memberId)
  target.delete(memberId)
  return { ...group, epoch: group.epoch + 1, members, target }
}

/** Whether a commit under this epoch counts (KIP-848). */
export function commitFault(group: ConsumerGroup, memberId: string, memberEpoch: number): ErrorName {
  if (memberEpoch < 0 && memberId === '' && group.members.size === 0) return 'NONE'
  const member = group.members.get(memberId)
  if (!member) return 'UNKNOWN_MEMBER_ID'
  return member.epoch === memberEpoch ? 'NONE' : 'STALE_MEMBER_EPOCH'
}

interface Fault {
  readonly error: ErrorName
  readonly message?: string
}

/** What is wrong with the request whatever the group. */
export function requestFault(
  request: MemberHeartbeat,
  { assignors, regexFault }: GroupContext,
): Fault | undefined {
  const { memberId, memberEpoch, instanceId, assignor, owned } = request
  const invalid = (message: string): Fault => ({ error: 'INVALID_REQUEST', message })
  if (memberId === '') return invalid("MemberId can't be empty.")
  if (instanceId === '') return invalid("InstanceId can't be empty.")
  if (request.rackId === '') return invalid("RackId can't be empty.")
  if (memberEpoch < returnEpoch)
    return invalid(`MemberEpoch is ${memberEpoch}, but must be greater than or equal to -2.`)
  if (memberEpoch === returnEpoch && instanceId === null) return invalid("InstanceId can't be null.")
  if (memberEpoch === joinEpoch) {
    if (request.rebalanceTimeoutMs === -1)
      return invalid('RebalanceTimeoutMs must be provided in first request.')
    if (owned === null || owned.size > 0) return invalid('TopicPartitions must be empty when (re-)joining.')
    if (!isSubscribing(request)) {
      const what = 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.'
      return invalid(what)
    }
  }
  const inRegex = request.subscribedRegex ? regexFault(request.subscribedRegex) : undefined
  if (inRegex !== undefined) {
    const message = `SubscribedTopicRegex \`${request.subscribedRegex}\` is not a valid regular expression: ${inRegex}.`
    return { error: 'INVALID_REGULAR_EXPRESSION', message }
  }
  if (assignor === null || assignors.includes(assignor)) return undefined
  const message = `ServerAssignor ${assignor} is not supported. Supported assignors: ${assignors.join(', ')}.`
  return { error: 'UNSUPPORTED_ASSIGNOR', message }
}

/** `replaces`: the static member whose place it takes. */
type Before = { readonly member: ConsumerMember; readonly replaces?: string } | Fault

function joining(group: ConsumerGroup, request: MemberHeartbeat, { sizeMax }: GroupContext): Before {
  const { memberId, instanceId } = request
  const same = group.members.get(memberId)
  const holder = instanceId === null ? undefined : memberByInstance(group, instanceId)
  if (holder && holder.memberId !== memberId) {
    if (holder.epoch !== returnEpoch) {
      const message = `Static member ${holder.memberId} with instance id ${instanceId} was fenced by the group coordinator.`
      return { error: 'UNRELEASED_INSTANCE_ID', message }
    }
    return {
      member: { ...holder, memberId, epoch: joinEpoch, previousEpoch: joinEpoch },
      replaces: holder.memberId,
    }
  }
  // Left to return, and returns as itself.
  if (same) return { member: same.epoch === returnEpoch ? { ...same, epoch: joinEpoch } : same }
  if (group.members.size >= sizeMax) {
    return {
      error: 'GROUP_MAX_SIZE_REACHED',
      message: `The consumer group has reached its maximum capacity of ${sizeMax} members.`,
    }
  }
  return {
    member: {
      memberId,
      instanceId,
      rackId: null,
      clientId: request.clientId,
      clientHost: request.clientHost,
      rebalanceTimeoutMs: -1,
      subscribedTopics: [],
      subscribedRegex: null,
      assignor: null,
      epoch: joinEpoch,
      previousEpoch: joinEpoch,
      state: 'stable',
      assigned: noPartitions,
      pendingRevocation: noPartitions,
    },
  }
}

function known(group: ConsumerGroup, request: MemberHeartbeat): Before {
  const { memberId, memberEpoch, owned } = request
  const member = group.members.get(memberId)
  if (!member)
    return {
      error: 'UNKNOWN_MEMBER_ID',
      message: `Member ${memberId} is not a member of group ${group.groupId}.`,
    }
  const instanceFault = faultOfInstance(group, request)
  if (instanceFault) return instanceFault
  if (memberEpoch === member.epoch) return { member }
  // It may not have heard the last answer: then it still says what it had before, and nothing that it should not have.
  const isLate =
    memberEpoch < member.epoch &&
    memberEpoch === member.previousEpoch &&
    owned !== null &&
    covers(member.assigned, owned)
  if (isLate) return { member }
  const than = memberEpoch > member.epoch ? 'larger' : 'smaller'
  return {
    error: 'FENCED_MEMBER_EPOCH',
    message: `The consumer group member has a ${than} member epoch (${memberEpoch}) than the one known by the group coordinator (${member.epoch}). The member must abandon all its partitions and rejoin.`,
  }
}

function faultOfInstance(group: ConsumerGroup, { memberId, instanceId }: MemberHeartbeat): Fault | undefined {
  if (instanceId === null) return undefined
  const holder = memberByInstance(group, instanceId)
  if (!holder) return { error: 'UNKNOWN_MEMBER_ID', message: `Instance id ${instanceId} is unknown.` }
  if (holder.memberId === memberId) return undefined
  const message = `Static member ${memberId} with instance id ${instanceId} was fenced by member ${holder.memberId}.`
  return { error: 'FENCED_INSTANCE_ID', message }
}

function leave(group: ConsumerGroup, request: MemberHeartbeat): Step {
  const { memberId, memberEpoch } = request
  const member = group.members.get(memberId)
  if (!member)
    return refuse(group, request, 'UNKNOWN_MEMBER_ID', `Member ${memberId} is not a member of the group.`)
  const fault = faultOfInstance(group, request)
  if (fault) return refuse(group, request, fault.error, fault.message)
  const answer: HeartbeatAnswer = { error: 'NONE', memberId, memberEpoch }
  if (memberEpoch === leaveEpoch) return { group: withoutMember(group, memberId), answer }
  return { group: withMember(group, { ...member, epoch: returnEpoch }), answer }
}

function updatedBy(member: ConsumerMember, request: MemberHeartbeat): ConsumerMember {
  const { rackId, rebalanceTimeoutMs, subscribedTopics, subscribedRegex, assignor, clientId, clientHost } =
    request
  const updated: ConsumerMember = {
    ...member,
    rackId: rackId ?? member.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : rebalanceTimeoutMs,
    subscribedTopics: subscribedTopics ? [...new Set(subscribedTopics)].sort() : member.subscribedTopics,
    subscribedRegex: subscribedRegex === null ? member.subscribedRegex : subscribedRegex || null,
    assignor: assignor ?? member.assignor,
    clientId,
    clientHost,
  }
  return isSameMember(updated, member) ? member : updated
}

function isSameMember(a: ConsumerMember, b: ConsumerMember): boolean {
  return (
    a.rackId === b.rackId &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.assignor === b.assignor &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    isSameSubscription(a, b)
  )
}

function isSameSubscription(a: ConsumerMember, b: ConsumerMember): boolean {
  return a.subscribedRegex === b.subscribedRegex && areSameTexts(a.subscribedTopics, b.subscribedTopics)
}

function withMember(group: ConsumerGroup, member: ConsumerMember, replaces?: string): ConsumerGroup {
  if (group.members.get(member.memberId) === member) return group
  const members = new Map(group.members)
  members.set(member.memberId, member)
  if (replaces === undefined) return { ...group, members }
  members.delete(replaces)
  const target = new Map(group.target)
  target.set(member.memberId, target.get(replaces) ?? noPartitions)
  target.delete(replaces)
  return { ...group, members, target }
}

/** The group's epoch grows when what an assignment depends on has changed. */
function grownIfNeeded(
  before: ConsumerGroup,
  group: ConsumerGroup,
  member: ConsumerMember,
  context: GroupContext,
): ConsumerGroup {
  const metadataHash = hashOfTopics(group, context)
  const last = before.members.get(member.memberId) ?? memberByInstance(before, member.instanceId)
  const isNew = !last || !isSameSubscription(last, member)
  if (!isNew && metadataHash === group.metadataHash) return group
  return { ...group, epoch: group.epoch + 1, metadataHash }
}

function withTarget(group: ConsumerGroup, context: GroupContext): ConsumerGroup {
  const counts = new Map<string, number>()
  const members = [...group.members.values()].map((member): AssignedMember => {
    const topicIds = new Set<string>()
    for (const name of topicsOf(member, context)) {
      const topic = context.topic(name)
      if (!topic) continue
      topicIds.add(topic.topicId)
      counts.set(topic.topicId, topic.partitions)
    }
    const { memberId, instanceId } = member
    return { memberId, instanceId, topicIds, current: group.target.get(memberId) ?? noPartitions }
  })
  const assign = serverAssignors.get(preferredAssignor(group, context)) ?? serverAssignors.get('uniform')!
  const assigned = assign(members, counts)
  const target = new Map(
    members.map(({ memberId, current }) => {
      const next = assigned.get(memberId) ?? noPartitions
      return [memberId, areSame(current, next) ? current : next]
    }),
  )
  return { ...group, assignmentEpoch: group.epoch, target }
}

/** What most members want; the broker's default where none wants any. */
export function preferredAssignor(
  { members }: ConsumerGroup,
  { assignors }: Pick<GroupContext, 'assignors'>,
): string {
  const votes = new Map<string, number>()
  for (const { assignor } of members.values()) {
    if (assignor !== null) votes.set(assignor, (votes.get(assignor) ?? 0) + 1)
  }
  const best = [...votes].sort(([, a], [, b]) => b - a)[0]
  return best?.[0] ?? assignors[0] ?? 'uniform'
}

/** Names of what it subscribes to, there or not, in one way or the other. */
export function topicsOf(
  { subscribedTopics, subscribedRegex }: ConsumerMember,
  { matching }: Pick<GroupContext, 'matching'>,
): readonly string[] {
  return subscribedRegex === null ? subscribedTopics : [...subscribedTopics, ...matching(subscribedRegex)]
}

function hashOfTopics({ members }: ConsumerGroup, context: GroupContext): bigint {
  const names = new Set([...members.values()].flatMap((member) => topicsOf(member, context)))
  const text = [...names]
    .sort()
    .flatMap((name) => {
      const found = context.topic(name)
      return found ? [`${name}:${found.topicId}:${found.partitions}`] : []
    })
    .join('\n')
  return text === '' ? 0n : fnv1a(text)
}

/** FNV-1a, 64 bits: to notice changes, nothing else. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return BigInt.asIntN(64, hash)
}

function memberByInstance({ members }: ConsumerGroup, instanceId: string | null): ConsumerMember | undefined {
  if (instanceId === null) return undefined
  return [...members.values()].find((member) => member.instanceId === instanceId)
}

function areSameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i])
}

function refuse(
  group: ConsumerGroup,
  { memberId, memberEpoch }: MemberHeartbeat,
  error: ErrorName,
  message?: string,
): Step {
  return { group, answer: { error, message, memberId, memberEpoch } }
}
