import { MillraceError } from '../../base/errors.ts'
import type { Address } from '../../environment/index.ts'
import type { Api } from '../../protocol/api.ts'
import { apiVersions } from '../../protocol/apis/api-versions.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { decodeResponse } from '../../protocol/frames.ts'
import type { Field } from '../../protocol/schema.ts'
import { checkCode } from '../kafka-error.ts'
import { type BrokerConnection, placeOf } from './connection.ts'

interface ApiRange {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

/** Which versions of which APIs a broker knows. */
export class ApiRanges {
  readonly #byKey: ReadonlyMap<number, ApiRange>

  constructor(ranges: readonly ApiRange[]) {
    this.#byKey = new Map(ranges.map((range) => [range.apiKey, range]))
  }

  has(api: Api<Field, Field>): boolean {
    const range = this.#byKey.get(api.key)
    return range !== undefined && range.maxVersion >= api.versions[0] && range.minVersion <= api.versions[1]
  }

  /** The highest version that both sides know. @throws MillraceError UNSUPPORTED_VERSION */
  common(api: Api<Field, Field>, versionMax: number | undefined, broker: Address): number {
    const range = this.#byKey.get(api.key)
    if (range !== undefined) {
      const last = Math.min(api.versions[1], range.maxVersion, versionMax ?? Number.POSITIVE_INFINITY)
      if (last >= Math.max(api.versions[0], range.minVersion)) return last
    }
    throw new MillraceError({
      code: 'UNSUPPORTED_VERSION',
      what: `the broker does not offer ${api.name} in a version that we speak`,
      where: placeOf(broker),
      remedy: 'use a broker that speaks the protocol of Kafka 2.1 or newer',
    })
  }
}

/**
 * Asks for the broker's versions. A broker too old for our version of the question answers in version 0 with error 35
 * and its own range (KIP-511); the question is then put again in a version it knows.
 */
export async function negotiate(connection: BrokerConnection): Promise<ApiRanges> {
  const newest = apiVersions.versions[1]
  const frame = await ask(connection, newest)
  // The answer's header is always the short one, so that the error code lies at a fixed place.
  if (frame.length < 6 || frame.readInt16BE(4) !== errorCodes.UNSUPPORTED_VERSION) {
    return rangesOf(connection, newest, frame)
  }
  const offered = decodeResponse(apiVersions, 0, frame).body.apiKeys.find(
    (range) => range.apiKey === apiVersions.key,
  )
  const version = Math.min(newest - 1, offered?.maxVersion ?? 0)
  return rangesOf(connection, version, await ask(connection, version))
}

function ask(connection: BrokerConnection, version: number): Promise<Buffer> {
  return connection.exchange(apiVersions, version, {
    clientSoftwareName: 'millrace',
    clientSoftwareVersion: '0.1.0',
  })
}

function rangesOf(connection: BrokerConnection, version: number, frame: Buffer): ApiRanges {
  const answer = connection.decode(apiVersions, version, frame)
  checkCode(answer.errorCode, placeOf(connection.address))
  return new ApiRanges(answer.apiKeys)
}
