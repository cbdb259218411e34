import { api } from '../api.ts'
import { array, boolean, int8, int16, int32, string, struct } from '../schema.ts'

/** The `upgradeType` of an update: a safe downgrade loses nothing (KIP-584, KIP-778). */
export const featureUpgrades = { upgrade: 1, safeDowngrade: 2, unsafeDowngrade: 3 } as const

export const updateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  versions: [0, 2],
  flexibleFrom: 0,
  request: struct({
    timeoutMs: int32({ default: 60_000 }),
    featureUpdates: array(
      struct({
        feature: string(),
        /** Below 1 switches the feature off. */
        maxVersionLevel: int16(),
        allowDowngrade: boolean({ until: 0 }),
        upgradeType: int8({ since: 1, default: 1 }),
      }),
    ),
    validateOnly: boolean({ since: 1, default: false }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullableSince: 0 }),
    /** From v2 all are updated or none, and there is only the error above. */
    results: array(
      struct({ feature: string(), errorCode: int16(), errorMessage: string({ nullableSince: 0 }) }),
      { until: 1, ignorable: true },
    ),
  }),
})
