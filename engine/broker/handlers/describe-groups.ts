/**
 * DescribeGroups (15), versions 0–6.
 *
 * - An unknown group is a "Dead" one; v6: with GROUP_ID_NOT_FOUND and a message.
 * - Assignments are given while the group is stable, metadata once a protocol is chosen. v4: instance ids.
 * Deviations: authorized operations are never given, as there is no authorizer.
 */
import { describeGroups } from '../../protocol/apis/describe-groups.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Group } from '../coordinator/group/group.ts'
import { handler } from '../server/handler.ts'

const noBytes = Buffer.alloc(0)

export const handleDescribeGroups = handler(describeGroups, (broker, request, { version }) => ({
  groups: request.groups.map((groupId) => {
    const group = broker.groups.describe(groupId)
    if (typeof group === 'string') return { ...dead(groupId), errorCode: errorCodes[group], groupState: '' }
    if (group) return describe(group)
    if (version < 6) return dead(groupId)
    return {
      ...dead(groupId),
      errorCode: errorCodes.GROUP_ID_NOT_FOUND,
      errorMessage: `Group ${groupId} not found.`,
    }
  }),
}))

function dead(groupId: string) {
  const errorCode: number = errorCodes.NONE
  return { errorCode, groupId, groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
}

function describe(group: Group) {
  const isStable = group.state === 'Stable'
  return {
    errorCode: errorCodes.NONE,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: (isStable && group.protocolName) || '',
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable
        ? (member.protocols.find(({ name }) => name === group.protocolName)?.metadata ?? noBytes)
        : noBytes,
      memberAssignment: isStable ? member.assignment : noBytes,
    })),
  }
}
