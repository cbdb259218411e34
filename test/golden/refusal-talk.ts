import type { Api } from '../../engine/protocol/api.ts'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { errorCodes, errorOf } from '../../engine/protocol/error-codes.ts'
import type { Encodable, Field } from '../../engine/protocol/schema.ts'
import { BrokerTalk, errorCodesIn } from './broker-talk.ts'

const patienceMs = 15_000

/** Asks what should be refused, version by version, and keeps the errors' names by `what: Api vN`. */
export class RefusalTalk {
  readonly answers: Record<string, string> = {}
  readonly broker: BrokerTalk
  private readonly served: ReadonlySet<number>

  private constructor(broker: BrokerTalk, served: ReadonlySet<number>) {
    this.broker = broker
    this.served = served
  }

  static async start(port: number): Promise<RefusalTalk> {
    const broker = new BrokerTalk(port)
    const said = await broker.ask(apiVersions, 0, {})
    return new RefusalTalk(broker, new Set(said?.body.apiKeys.map(({ apiKey }) => apiKey)))
  }

  close(): void {
    this.broker.close()
  }

  serves(api: Pick<Api, 'key'>): boolean {
    return this.served.has(api.key)
  }

  /** In every version since this one; nothing where the broker does not serve the API. */
  async each<Request extends Field, Response extends Field>(
    what: string,
    api: Api<Request, Response>,
    body: (version: number) => Encodable<Request>,
    since = 0,
  ): Promise<void> {
    if (!this.serves(api)) return
    for (let version = Math.max(since, api.versions[0]); version <= api.versions[1]; version++) {
      const answer = await this.broker.ask(api, version, body(version))
      const names = answer && errorCodesIn(answer.body).map((code) => errorOf(code).name)
      this.answers[`${what}: ${api.name} v${version}`] = names?.join(' ') ?? 'connection closed'
    }
  }

  /** Asks until there is no error any more. */
  async settled<T>(ask: () => Promise<{ body: T } | undefined>): Promise<T> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const answer = await ask()
      if (answer && errorCodesIn(answer.body).every((code) => code === errorCodes.NONE)) return answer.body
      if (Date.now() > deadline) throw new Error(`not ready: ${JSON.stringify(answer?.body)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
