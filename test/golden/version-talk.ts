import type { AnyApi, Api } from '../../engine/protocol/api.ts'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { errorCodes, errorOf } from '../../engine/protocol/error-codes.ts'
import { encodeResponse } from '../../engine/protocol/frames.ts'
import type { Decoded, Encodable, Field } from '../../engine/protocol/schema.ts'
import { BrokerTalk, errorCodesIn } from './broker-talk.ts'

const patienceMs = 15_000
const pauseMs = 50

/** Errors that pass while a cluster gets going or ends a transaction. */
const passing: ReadonlySet<number> = new Set([
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.NOT_COORDINATOR,
  errorCodes.LEADER_NOT_AVAILABLE,
  errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  errorCodes.UNKNOWN_TOPIC_ID,
  errorCodes.CONCURRENT_TRANSACTIONS,
])

/**
 * Speaks with a broker in any version that it says it serves, and notes each answer and whatever in it is not as it
 * should be: bytes that we would encode otherwise, errors that are not allowed.
 */
export class VersionTalk {
  /** `Api vN: what`, empty when all is well. */
  readonly complaints: string[] = []
  /** `Api vN` of every answer. */
  readonly answered = new Set<string>()
  private readonly talk: BrokerTalk
  private served = new Map<number, readonly [first: number, last: number]>()

  private constructor(talk: BrokerTalk) {
    this.talk = talk
  }

  static async start(port: number): Promise<VersionTalk> {
    const talk = new VersionTalk(new BrokerTalk(port))
    const said = { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }
    const { apiKeys } = await talk.ask(apiVersions, 3, said)
    talk.served = new Map(apiKeys.map((one) => [one.apiKey, [one.minVersion, one.maxVersion]]))
    return talk
  }

  close(): void {
    this.talk.close()
  }

  /** What of ours the broker says it serves. */
  versionsOf(api: Pick<AnyApi, 'key' | 'versions'>): number[] {
    const [first, last] = this.served.get(api.key) ?? [0, -1]
    const versions: number[] = []
    for (let version = api.versions[0]; version <= api.versions[1]; version++) {
      if (version >= first && version <= last) versions.push(version)
    }
    return versions
  }

  /** In every version that is served. */
  async each<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    body: (version: number) => Encodable<Request>,
    allowed: readonly number[] = [],
  ): Promise<void> {
    for (const version of this.versionsOf(api)) await this.ask(api, version, body(version), allowed)
  }

  /** In this version, or in the nearest that is served; undefined if none is. */
  async near<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    version: number,
    body: (version: number) => Encodable<Request>,
    allowed: readonly number[] = [],
  ): Promise<Decoded<Response> | undefined> {
    const versions = this.versionsOf(api)
    if (versions.length === 0) return undefined
    const nearest = Math.max(versions[0]!, Math.min(version, versions.at(-1)!))
    return await this.settled(api, nearest, body(nearest), allowed)
  }

  /** Asks until nothing in the answer says that the cluster is still getting going. */
  async settled<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    version: number,
    body: Encodable<Request>,
    allowed: readonly number[] = [],
  ): Promise<Decoded<Response>> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const answer = await this.ask(api, version, body, [...passing, ...allowed])
      if (!errorCodesIn(answer).some((code) => passing.has(code))) return answer
      if (Date.now() > deadline) {
        this.complaints.push(`${api.name} v${version}: ${errorNames(answer)}, and it does not pass`)
        return answer
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /** The answer, which must be encoded as we encode it and hold no error but those allowed. */
  async ask<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    version: number,
    body: Encodable<Request>,
    allowed: readonly number[] = [],
  ): Promise<Decoded<Response>> {
    const name = `${api.name} v${version}`
    const answer = await this.talk.ask(api, version, body)
    if (answer === undefined) throw new Error(`${name}: the broker closed the connection`)
    const { correlationId, frame } = answer
    const again = Buffer.concat(encodeResponse(api, version, correlationId, answer.body)).subarray(4)
    if (!again.equals(frame)) this.complaints.push(`${name}: ${frame.toString('hex')} is not as we encode it`)
    for (const code of errorCodesIn(answer.body)) {
      if (code !== 0 && !allowed.includes(code)) this.complaints.push(`${name}: ${errorOf(code).name}`)
    }
    this.answered.add(name)
    return answer.body
  }
}

function errorNames(answer: unknown): string {
  return errorCodesIn(answer)
    .map((code) => errorOf(code).name)
    .join(' ')
}
