import { api } from '../api.ts'
import { array, int16, int32, string, struct } from '../schema.ts'

/** Until v2 one member leaves; from v3 a list of them does (KIP-345). */
export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleFrom: 4,
  request: struct({
    groupId: string(),
    memberId: string({ until: 2 }),
    members: array(
      struct({
        memberId: string(),
        groupInstanceId: string({ nullableSince: 3, default: null }),
        reason: string({ since: 5, nullableSince: 5, default: null, ignorable: true }),
      }),
      { since: 3 },
    ),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16(),
    members: array(
      struct({ memberId: string(), groupInstanceId: string({ nullableSince: 3 }), errorCode: int16() }),
      { since: 3 },
    ),
  }),
})
