/**
 * ListGroups (16), versions 0–5. Lists the groups that this broker coordinates.
 *
 * - v4: filter by state, states in the answer. v5: filter by type, "classic" or "consumer" (KIP-848).
 * Deviations: none known.
 */
import { listGroups } from '../../protocol/apis/list-groups.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { stateOf } from '../coordinator/consumer-group/group.ts'
import { handler } from '../server/handler.ts'

export const handleListGroups = handler(listGroups, (broker, request) => {
  const groups = broker.groups.list()
  if (typeof groups === 'string') return { errorCode: errorCodes[groups], groups: [] }
  const states = request.statesFilter.map((state) => state.toLowerCase())
  const types = request.typesFilter.map((type) => type.toLowerCase())
  const listed = groups
    .map((group) => {
      const { groupId } = group
      if ('target' in group)
        return { groupId, protocolType: 'consumer', groupState: stateOf(group), groupType: 'consumer' }
      return {
        groupId,
        protocolType: group.protocolType ?? '',
        groupState: group.state,
        groupType: 'classic',
      }
    })
    .filter(({ groupState, groupType }) => {
      const isState = states.length === 0 || states.includes(groupState.toLowerCase())
      return isState && (types.length === 0 || types.includes(groupType))
    })
  return {
    errorCode: errorCodes.NONE,
    groups: listed,
  }
})
