/**
 * Heartbeat (12), versions 0–4. v3: static members, FENCED_INSTANCE_ID for an instance that was replaced.
 *
 * REBALANCE_IN_PROGRESS calls the member to join again.
 * Deviations: none known.
 */
import { heartbeat } from '../../protocol/apis/heartbeat.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleHeartbeat = handler(heartbeat, async (broker, request) => {
  const { groupId, memberId, groupInstanceId: instanceId, generationId: generation } = request
  const error = await broker.groups.heartbeat(groupId, { memberId, instanceId, generation })
  return { errorCode: errorCodes[error] }
})
