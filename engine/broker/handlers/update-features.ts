/**
 * UpdateFeatures (57), versions 0–2.
 *
 * KIP-584, KIP-778: raises or lowers what the cluster has switched on, all that is asked or none: INVALID_UPDATE_VERSION for a
 * feature or a level that is not known here, and for lowering one without saying so. ApiVersions tells the levels.
 * - v0: `allowDowngrade` in place of the kind of upgrade. v1: validateOnly. v2: no answer for each feature.
 * Deviations: metadata.version and kraft.version have one level each. With group.version 0 the consumer protocol (KIP-848) is
 * refused; with transaction.version below 2 clients are told to keep to the protocol before KIP-890.
 */
import { isMillraceError } from '../../base/errors.ts'
import { featureUpgrades, updateFeatures } from '../../protocol/apis/update-features.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { FeaturesAnswer, FeatureUpdate, FeatureUpgrade } from '../controller/features.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

const upgrades = new Map<number, FeatureUpgrade>([
  [featureUpgrades.upgrade, 'upgrade'],
  [featureUpgrades.safeDowngrade, 'safe downgrade'],
  [featureUpgrades.unsafeDowngrade, 'unsafe downgrade'],
])

export const handleUpdateFeatures = handler(updateFeatures, async (broker, request, { version }) => {
  const updates = request.featureUpdates.map(({ feature, maxVersionLevel, allowDowngrade, upgradeType }) => ({
    name: feature,
    level: maxVersionLevel,
    upgrade: version === 0 && allowDowngrade ? 'safe downgrade' : (upgrades.get(upgradeType) ?? 'unknown'),
  }))
  const { error, message } = await ask(broker, updates, request.validateOnly, request.timeoutMs)
  const isDone = error === 'NONE'
  return {
    errorCode: errorCodes[error],
    errorMessage: message ?? null,
    results: isDone ? updates.map(({ name }) => ({ feature: name, errorCode: 0, errorMessage: 'NONE' })) : [],
  }
})

async function ask(
  broker: BrokerContext,
  updates: readonly FeatureUpdate[],
  validateOnly: boolean,
  timeoutMs: number,
): Promise<FeaturesAnswer> {
  try {
    const request = { updates, validateOnly }
    const { answer, index } = await broker.askController('update-features', request, timeoutMs)
    await broker.untilImage(() => broker.image.index >= index, timeoutMs)
    return answer
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return { error: 'REQUEST_TIMED_OUT', message: thrown.what }
  }
}
