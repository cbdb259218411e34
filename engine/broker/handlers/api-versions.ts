/**
 * ApiVersions (18), versions 0–4.
 *
 * Says which APIs and versions are served: exactly those in the table of handlers, but for Produce 0–2, which some clients
 * must see (KAFKA-18659) and which are refused.
 * - Any version: response header v0. An unknown version: body v0 with UNSUPPORTED_VERSION and our range of this API
 *   (KIP-511), see `unsupportedApiVersions`.
 * - v3: a client's software name and version must match Kafka's pattern, else INVALID_REQUEST.
 * - v3: features. Below v4 supported ones from version 0 on are left out: clients do not understand them (KAFKA-17492).
 *   `transaction.version` 2 turns Java's producers to KIP-890. Those that are switched off are not among the finalized.
 * Deviations: of Kafka 4.3's features those of share and streams groups and of eligible leader replicas are not there.
 */

import type { AnyApi } from '../../protocol/api.ts'
import { apiVersions } from '../../protocol/apis/api-versions.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { encodeResponse } from '../../protocol/frames.ts'
import { featureLevel, features } from '../controller/features.ts'
import type { ClusterImage } from '../controller/image.ts'
import { type Handler, handler } from '../server/handler.ts'

const softwarePattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

const zeroMinimumSince = 4

export function handleApiVersions(served: readonly AnyApi[]): Handler {
  const apiKeys = served.map(({ key, advertised }) => ({
    apiKey: key,
    minVersion: advertised[0],
    maxVersion: advertised[1],
  }))
  return handler(apiVersions, (broker, request, { version }) => {
    const { clientSoftwareName, clientSoftwareVersion } = request
    const isNamed = softwarePattern.test(clientSoftwareName) && softwarePattern.test(clientSoftwareVersion)
    if (version >= 3 && !isNamed) return { errorCode: errorCodes.INVALID_REQUEST, apiKeys: [] }
    return { errorCode: errorCodes.NONE, apiKeys, ...featuresOf(broker.image, version) }
  })
}

function featuresOf(image: ClusterImage, version: number) {
  const finalized = features
    .map(({ name }) => ({ name, level: featureLevel(image, name) }))
    .filter(({ level }) => level > 0)
  return {
    supportedFeatures: features
      .filter(({ min }) => min > 0 || version >= zeroMinimumSince)
      .map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max })),
    finalizedFeaturesEpoch: image.index,
    finalizedFeatures: finalized.map(({ name, level }) => ({
      name,
      maxVersionLevel: level,
      minVersionLevel: level,
    })),
  }
}

/** For a version of ApiVersions that we do not know: the client falls back to one in the range. */
export function unsupportedApiVersions(correlationId: number): Buffer[] {
  const [minVersion, maxVersion] = apiVersions.versions
  return encodeResponse(apiVersions, 0, correlationId, {
    errorCode: errorCodes.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: apiVersions.key, minVersion, maxVersion }],
  })
}
