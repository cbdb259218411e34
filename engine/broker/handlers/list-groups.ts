/**
 * ListGroups (16), versions 0–5. Lists the groups that this broker coordinates.
 *
 * - v4: filter by state, states in the answer. v5: filter by type, which is "classic" for all.
 * Deviations: none known.
 */
import { listGroups } from '../../protocol/apis/list-groups.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

const classic = 'classic'

export const handleListGroups = handler(listGroups, (broker, request) => {
  const groups = broker.groups.list()
  if (typeof groups === 'string') return { errorCode: errorCodes[groups], groups: [] }
  const states = request.statesFilter.map((state) => state.toLowerCase())
  const types = request.typesFilter.map((type) => type.toLowerCase())
  const listed = groups.filter(({ state }) => {
    const isState = states.length === 0 || states.includes(state.toLowerCase())
    return isState && (types.length === 0 || types.includes(classic))
  })
  return {
    errorCode: errorCodes.NONE,
    groups: listed.map(({ groupId, protocolType, state }) => {
      return { groupId, protocolType: protocolType ?? '', groupState: state, groupType: classic }
    }),
  }
})
