/**
 * LeaveGroup (13), versions 0–5.
 *
 * - Until v2 one member, whose error is the answer's. v3: several, by member id or instance id, each with its error.
 * Deviations: none known.
 */
import { leaveGroup } from '../../protocol/apis/leave-group.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleLeaveGroup = handler(leaveGroup, async (broker, request, { version }) => {
  const leaving =
    version >= 3 ? request.members : [{ memberId: request.memberId, groupInstanceId: null, reason: null }]
  const errors = await broker.groups.leave(
    request.groupId,
    leaving.map(({ memberId, groupInstanceId }) => ({ memberId, instanceId: groupInstanceId })),
  )
  if (typeof errors === 'string') return { errorCode: errorCodes[errors], members: [] }
  if (version < 3) return { errorCode: errorCodes[errors[0]!], members: [] }
  const members = leaving.map(({ memberId, groupInstanceId }, i) => {
    return { memberId, groupInstanceId, errorCode: errorCodes[errors[i]!] }
  })
  return { errorCode: errorCodes.NONE, members }
})
