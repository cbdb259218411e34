import { api } from '../api.ts'
import { array, boolean, float64, int16, int32, string, struct } from '../schema.ts'

/** A null name is the default entity. */
const entity = struct({ entityType: string(), entityName: string({ nullableSince: 0 }) })

/** KIP-546. */
export const alterClientQuotas = api({
  key: 49,
  name: 'AlterClientQuotas',
  versions: [0, 1],
  flexibleFrom: 1,
  request: struct({
    entries: array(
      struct({
        entity: array(entity),
        ops: array(struct({ key: string(), value: float64(), remove: boolean() })),
      }),
    ),
    validateOnly: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    entries: array(
      struct({ errorCode: int16(), errorMessage: string({ nullableSince: 0 }), entity: array(entity) }),
    ),
  }),
})
