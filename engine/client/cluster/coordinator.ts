import type { Api } from '../../protocol/api.ts'
import { findCoordinator } from '../../protocol/apis/find-coordinator.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Decoded, Field } from '../../protocol/schema.ts'
import { checkCode, isRetriable } from '../kafka-error.ts'
import type { ClusterClient } from './cluster-client.ts'
import type { Body, RequestOptions } from './connection.ts'
import type { Purpose } from './connection-pool.ts'
import { retrying } from './retrying.ts'

const hasMoved: ReadonlySet<number> = new Set([
  errorCodes.NOT_COORDINATOR,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
])

/** As FindCoordinator numbers them. */
const keyTypes = { group: 0, transaction: 1 } as const

/** The broker that keeps the state of a group or of a transactional id, looked for when it is not known or has moved. */
export class Coordinator {
  readonly cluster: ClusterClient
  readonly kind: keyof typeof keyTypes
  /** The group's or the transactional id. */
  readonly key: string
  #node: Promise<number> | undefined

  constructor(cluster: ClusterClient, kind: keyof typeof keyTypes, key: string) {
    this.cluster = cluster
    this.kind = kind
    this.key = key
  }

  node(): Promise<number> {
    if (this.#node === undefined) {
      const found = this.#find()
      this.#node = found
      found.catch(() => this.#forget(found))
    }
    return this.#node
  }

  async request<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    body: Body<Request>,
    options: RequestOptions & { readonly purpose?: Purpose } = {},
  ): Promise<Decoded<Response>> {
    const found = this.node()
    try {
      return await this.cluster.request(await found, api, body, options)
    } catch (thrown) {
      if (isRetriable(thrown)) this.#forget(found)
      throw thrown
    }
  }

  /** @throws MillraceError with Kafka's name for the code, unless it is 0 */
  check(errorCode: number, where = this.key): void {
    if (hasMoved.has(errorCode)) this.#node = undefined
    checkCode(errorCode, where)
  }

  retrying<T>(attempt: () => Promise<T>, timeoutMs = this.cluster.settings.requestTimeoutMs): Promise<T> {
    return retrying(this.cluster, timeoutMs, attempt)
  }

  /** Unless another one has been found meanwhile. */
  #forget(found: Promise<number>): void {
    if (this.#node === found) this.#node = undefined
  }

  async #find(): Promise<number> {
    const { key, cluster } = this
    const keyType = keyTypes[this.kind]
    const answer = await cluster.requestAny(findCoordinator, (version) =>
      version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key },
    )
    const found = answer.coordinators[0] ?? answer
    checkCode(found.errorCode, key, found.errorMessage)
    cluster.metadata.applyEndpoints([{ ...found, rack: null }])
    return found.nodeId
  }
}
