/**
 * JoinGroup (11), versions 0–9.
 *
 * - v0: no rebalance timeout: the session's serves. Versions 0–1 are kept for old clients (KAFKA-19444).
 * - v4: a member without an id gets MEMBER_ID_REQUIRED and an id to come back with (KIP-394); static members do not.
 * - v5: static members (KIP-345). v7: protocol type in the answer. v9: a static leader that is back may skip assigning.
 * Deviations: none known.
 */
import { joinGroup } from '../../protocol/apis/join-group.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleJoinGroup = handler(joinGroup, async (broker, request, { version, clientId, client }) => {
  const { groupInstanceId: instanceId } = request
  const newMemberId = `${instanceId ?? clientId}-${broker.environment.random.uuid()}`
  const answer = await broker.groups.join(request.groupId, {
    memberId: request.memberId,
    instanceId,
    clientId,
    clientHost: `/${client.host}`,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs:
      request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
    protocolType: request.protocolType,
    // Copies: what a group keeps must not hold on to the whole frame.
    protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
    needsKnownMemberId: version >= 4,
    canSkipAssignment: version >= 9,
    newMemberId,
  })
  return {
    errorCode: errorCodes[answer.error],
    generationId: answer.generation,
    protocolType: answer.protocolType,
    protocolName: answer.protocolName ?? (version >= 7 ? null : ''),
    leader: answer.leaderId,
    skipAssignment: answer.skipAssignment,
    memberId: answer.memberId,
    members: answer.members.map(({ memberId, instanceId: groupInstanceId, metadata }) => {
      return { memberId, groupInstanceId, metadata }
    }),
  }
})
