import { api } from '../api.ts'
import { array, boolean, float64, int8, int16, int32, string, struct } from '../schema.ts'

/** The `matchType` of a component: the name given, the default entity, any. */
export const quotaMatches = { exact: 0, default: 1, any: 2 } as const

/** KIP-546. */
export const describeClientQuotas = api({
  key: 48,
  name: 'DescribeClientQuotas',
  versions: [0, 1],
  flexibleFrom: 1,
  request: struct({
    components: array(
      struct({
        /** `user`, `client-id` or `ip`. */
        entityType: string(),
        matchType: int8(),
        match: string({ nullableSince: 0 }),
      }),
    ),
    /** Leave out entities with types that no component names. */
    strict: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullableSince: 0 }),
    entries: array(
      struct({
        /** A null name is the default entity. */
        entity: array(struct({ entityType: string(), entityName: string({ nullableSince: 0 }) })),
        values: array(struct({ key: string(), value: float64() })),
      }),
      { nullableSince: 0 },
    ),
  }),
})
