/**
 * SyncGroup (14), versions 0–5.
 *
 * - v3: static members. v5: protocol type and name are checked: INCONSISTENT_GROUP_PROTOCOL.
 * Deviations: none known.
 */
import { syncGroup } from '../../protocol/apis/sync-group.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleSyncGroup = handler(syncGroup, async (broker, request) => {
  const answer = await broker.groups.sync(request.groupId, {
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
    protocolType: request.protocolType,
    protocolName: request.protocolName,
    assignments: request.assignments.map(({ memberId, assignment }) => {
      return { memberId, assignment: Buffer.from(assignment) }
    }),
  })
  return {
    errorCode: errorCodes[answer.error],
    protocolType: answer.protocolType,
    protocolName: answer.protocolName,
    assignment: answer.assignment,
  }
})
