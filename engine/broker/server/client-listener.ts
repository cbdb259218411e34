import { assert } from '../../base/assert.ts'
import { MillraceError } from '../../base/errors.ts'
import type { Address, Connection, Listener } from '../../environment/index.ts'
import { apiVersions } from '../../protocol/apis/api-versions.ts'
import type { RequestHeader } from '../../protocol/frames.ts'
import { unsupportedApiVersions } from '../handlers/api-versions.ts'
import { handlerFor } from '../handlers/index.ts'
import { ClientConnection } from './client-connection.ts'
import type { BrokerContext } from './context.ts'
import type { Handler } from './handler.ts'
import type { ListenerSecurity } from './listener-security.ts'
import { ClientQuotas } from './quotas/client-quotas.ts'
import { SaslSession } from './sasl/sasl-session.ts'

/** The broker's port: connections are taken at once, their requests only once the broker is ready. */
export class ClientListener {
  private readonly broker: BrokerContext
  private readonly security: ListenerSecurity
  private readonly quotas: ClientQuotas
  private listener: Listener | undefined
  private readonly connections = new Set<ClientConnection>()
  private isReady = false
  private isCutOff = false
  private closedBytesIn = 0
  private closedBytesOut = 0

  private constructor(broker: BrokerContext, security: ListenerSecurity) {
    this.broker = broker
    this.security = security
    this.quotas = new ClientQuotas(() => broker.image.clients, broker.environment.clock, broker.settings)
  }

  /** @throws MillraceError PORT_IN_USE, NO_PERMISSION, BAD_CERTIFICATE */
  static async open(
    broker: BrokerContext,
    address: Address,
    security: ListenerSecurity,
  ): Promise<ClientListener> {
    const clients = new ClientListener(broker, security)
    const { tls } = security
    clients.listener = await broker.environment.network.listen({ ...address, tls }, (connection) =>
      clients.accept(connection),
    )
    return clients
  }

  get address(): Address {
    assert(this.listener !== undefined, 'the port is not open')
    return this.listener.address
  }

  get bytesIn(): number {
    return [...this.connections].reduce((sum, each) => sum + each.bytesIn, this.closedBytesIn)
  }

  get bytesOut(): number {
    return [...this.connections].reduce((sum, each) => sum + each.bytesOut, this.closedBytesOut)
  }

  get connectionCount(): number {
    return this.connections.size
  }

  ready(): void {
    this.isReady = true
    for (const connection of this.connections) connection.release()
  }

  /** As if the network were gone: clients lose their connections and get no new ones. */
  cutOff(isCutOff: boolean): void {
    this.isCutOff = isCutOff
    if (isCutOff) this.dropAll()
  }

  async close(): Promise<void> {
    const closed = this.listener?.close()
    this.dropAll()
    await closed
  }

  private dropAll(): void {
    for (const connection of this.connections) connection.close()
  }

  private accept(connection: Connection): void {
    if (this.isCutOff) {
      connection.destroy()
      return
    }
    const { environment, settings } = this.broker
    const { sasl: rules } = this.security
    const parts = { environment, settings, clients: () => this.broker.image.clients }
    const client: ClientConnection = new ClientConnection(connection, this.broker, lookUp, {
      isHeld: !this.isReady,
      sasl: rules && new SaslSession(parts, rules),
      quotas: this.quotas,
      onClosed: () => {
        this.connections.delete(client)
        this.closedBytesIn += client.bytesIn
        this.closedBytesOut += client.bytesOut
      },
    })
    this.connections.add(client)
  }
}

/** @throws MillraceError UNSUPPORTED_VERSION, as a client that asks for what ApiVersions does not list is not one of ours */
function lookUp(header: RequestHeader): Handler {
  const found = handlerFor(header)
  if (found) return found
  if (header.apiKey === apiVersions.key) return unknownApiVersions
  throw new MillraceError({
    code: 'UNSUPPORTED_VERSION',
    what: `it asked for version ${header.apiVersion} of API ${header.apiKey}, which is not served`,
    remedy: 'use what ApiVersions lists',
  })
}

const unknownApiVersions: Handler = {
  api: apiVersions,
  isPipelined: false,
  run: (_broker, header) => Promise.resolve(unsupportedApiVersions(header.correlationId)),
}
