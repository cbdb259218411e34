import type { ErrorName } from '../../protocol/error-codes.ts'
import type { ControllerState, Decision } from './decision.ts'
import type { ClusterImage } from './image.ts'

export interface Feature {
  readonly name: string
  readonly min: number
  /** Also the level of a cluster where nobody has chosen another one. */
  readonly max: number
}

/**
 * What a cluster can switch (KIP-584). Its metadata and its quorum have one form here, so that their versions say what they are
 * alike and leave no choice: metadata.version is Kafka 4.3's.
 */
export const features: readonly Feature[] = [
  { name: 'group.version', min: 0, max: 1 },
  { name: 'kraft.version', min: 0, max: 0 },
  { name: 'metadata.version', min: 30, max: 30 },
  { name: 'transaction.version', min: 0, max: 2 },
]

export function featureLevel({ features: chosen }: ClusterImage, name: string): number {
  return chosen.get(name) ?? features.find((feature) => feature.name === name)?.max ?? 0
}

export type FeatureUpgrade = 'upgrade' | 'safe downgrade' | 'unsafe downgrade' | 'unknown'

export interface FeatureUpdate {
  readonly name: string
  readonly level: number
  readonly upgrade: FeatureUpgrade
}

export interface FeaturesAnswer {
  readonly error: ErrorName
  readonly message?: string
}

/** All updates or none. */
export function updateFeatures(
  { image }: ControllerState,
  updates: readonly FeatureUpdate[],
  validateOnly: boolean,
  controllerId: number,
): Decision<FeaturesAnswer> {
  for (const update of updates) {
    const fault = faultOf(image, update, controllerId)
    if (fault === undefined) continue
    const why = `Invalid update version ${update.level} for feature ${update.name}. ${fault}`
    const message = `The update failed for all features since the following feature had an error: ${why}`
    return { records: [], response: { error: 'INVALID_UPDATE_VERSION', message } }
  }
  const records = updates
    .filter(({ name, level }) => featureLevel(image, name) !== level)
    .map(({ name, level }) => ({ type: 'feature', name, level }) as const)
  return { records: validateOnly ? [] : records, response: { error: 'NONE' } }
}

function faultOf(
  image: ClusterImage,
  { name, level, upgrade }: FeatureUpdate,
  controllerId: number,
): string | undefined {
  const feature = features.find((each) => each.name === name)
  if (!feature) return `Local controller ${controllerId} does not support this feature.`
  if (upgrade === 'unknown') return 'The controller does not support the given upgrade type.'
  if (level < 0) return 'A feature version cannot be less than 0.'
  const { min, max } = feature
  if (level < min || level > max) {
    return `Local controller ${controllerId} only supports versions ${min}-${max}`
  }
  const now = featureLevel(image, name)
  if (level < now && upgrade === 'upgrade') {
    return "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade."
  }
  if (level > now && upgrade !== 'upgrade') return "Can't downgrade to a newer version."
  return undefined
}
