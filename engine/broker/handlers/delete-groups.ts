/**
 * DeleteGroups (42), versions 0–2.
 *
 * KIP-229: groups without members, with all that they committed; of both protocols. NON_EMPTY_GROUP for others.
 * Deviations: none known.
 */
import { deleteGroups } from '../../protocol/apis/delete-groups.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleDeleteGroups = handler(deleteGroups, async (broker, { groupsNames }) => ({
  results: await Promise.all(
    [...new Set(groupsNames)].map(async (groupId) => ({
      groupId,
      errorCode: errorCodes[await broker.groups.removal.deleteGroup(groupId)],
    })),
  ),
}))
