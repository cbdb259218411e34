/**
 * ApiVersions (18), versions 0–4.
 *
 * Says which APIs and versions are served: exactly those in the table of handlers, but for Produce 0–2, which some clients
 * must see (KAFKA-18659) and which are refused.
 * - Any version: response header v0. An unknown version: body v0 with UNSUPPORTED_VERSION and our range of this API
 *   (KIP-511), see `unsupportedApiVersions`.
 * - v3: a client's software name and version must match Kafka's pattern, else INVALID_REQUEST.
 * - v3: features. Below v4 supported ones from version 0 on are left out: clients do not understand them (KAFKA-17492).
 *   `transaction.version` 2 turns Java's producers to KIP-890.
 * Deviations: other features are not listed, as none of them can be switched here yet.
 */

import type { AnyApi } from '../../protocol/api.ts'
import { apiVersions } from '../../protocol/apis/api-versions.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { encodeResponse } from '../../protocol/frames.ts'
import { type Handler, handler } from '../server/handler.ts'

const softwarePattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

const transactionVersion = { name: 'transaction.version', min: 0, max: 2 } as const
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
    return { errorCode: errorCodes.NONE, apiKeys, ...features(version, broker.image.index) }
  })
}

function features(version: number, metadataIndex: number) {
  const { name, min, max } = transactionVersion
  const supported = [{ name, minVersion: min, maxVersion: max }]
  return {
    supportedFeatures: version >= zeroMinimumSince ? supported : [],
    finalizedFeaturesEpoch: metadataIndex,
    finalizedFeatures: [{ name, maxVersionLevel: max, minVersionLevel: max }],
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
