import { MillraceError } from '../../base/errors.ts'
import type { Admin, ConnectionOptions, Consumer, ConsumerOptions } from '../../client/api.ts'
import { createAdmin, createConsumer } from '../../client/index.ts'
import type { Environment } from '../../environment/index.ts'

/** One admin client for all questions, made at the first; consumers for each reading. */
export class Connections {
  readonly #environment: Environment
  readonly #bootstrap: () => readonly string[] | undefined
  readonly #options: Omit<ConnectionOptions, 'bootstrap'>
  #admin: { readonly admin: Admin; readonly bootstrap: readonly string[] } | undefined

  constructor(
    environment: Environment,
    bootstrap: () => readonly string[] | undefined,
    options: Omit<ConnectionOptions, 'bootstrap'> = { clientId: 'studio' },
  ) {
    this.#environment = environment
    this.#bootstrap = bootstrap
    this.#options = options
  }

  /** @throws MillraceError CLUSTER_DOWN */
  admin(): Admin {
    const bootstrap = this.#addresses()
    if (this.#admin?.bootstrap !== bootstrap) {
      this.#forget()
      this.#admin = { admin: createAdmin(this.#environment, { ...this.#options, bootstrap }), bootstrap }
    }
    return this.#admin.admin
  }

  /** Reads without a group, from wherever it is put. */
  consumer(options: Partial<ConsumerOptions> = {}): Consumer {
    return createConsumer(this.#environment, {
      ...this.#options,
      bootstrap: this.#addresses(),
      autoOffsetReset: 'earliest',
      fetchWaitMsMax: 100,
      ...options,
    })
  }

  async close(): Promise<void> {
    await this.#admin?.admin.close()
    this.#admin = undefined
  }

  #addresses(): readonly string[] {
    const bootstrap = this.#bootstrap()
    if (bootstrap) return bootstrap
    throw new MillraceError({
      code: 'CLUSTER_DOWN',
      what: 'the cluster is not running',
      remedy: 'start it in the cluster panel',
    })
  }

  #forget(): void {
    const old = this.#admin
    this.#admin = undefined
    old?.admin.close().catch((thrown) => {
      this.#environment.log.write('debug', 'records', `closing a connection failed: ${thrown}`)
    })
  }
}
