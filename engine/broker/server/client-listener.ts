import { MillraceError } from '../../base/errors.ts'
import type { Address, Connection, Listener } from '../../environment/index.ts'
import { apiVersions } from '../../protocol/apis/api-versions.ts'
import type { RequestHeader } from '../../protocol/frames.ts'
import { unsupportedApiVersions } from '../handlers/api-versions.ts'
import { handlerFor } from '../handlers/index.ts'
import { ClientConnection } from './client-connection.ts'
import type { BrokerContext } from './context.ts'
import type { Handler } from './handler.ts'

/** The broker's port: connections are taken at once, their requests only once the broker is ready. */
export class ClientListener {
  readonly address: Address
  private readonly broker: BrokerContext
  private readonly listener: Listener
  private readonly connections = new Set<ClientConnection>()
  private waiting: Connection[] | undefined = []
  private isCutOff = false
  private closedBytesIn = 0
  private closedBytesOut = 0

  private constructor(broker: BrokerContext, listener: Listener) {
    this.broker = broker
    this.listener = listener
    this.address = listener.address
  }

  /** @throws MillraceError PORT_IN_USE, NO_PERMISSION */
  static async open(broker: BrokerContext, address: Address): Promise<ClientListener> {
    const early: Connection[] = []
    let opened: ClientListener | undefined
    const listener = await broker.environment.network.listen(address, (connection) => {
      if (opened) opened.accept(connection)
      else early.push(connection)
    })
    opened = new ClientListener(broker, listener)
    for (const connection of early) opened.accept(connection)
    return opened
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
    const waiting = this.waiting ?? []
    this.waiting = undefined
    for (const connection of waiting) this.accept(connection)
  }

  /** As if the network were gone: clients lose their connections and get no new ones. */
  cutOff(isCutOff: boolean): void {
    this.isCutOff = isCutOff
    if (isCutOff) this.dropAll()
  }

  async close(): Promise<void> {
    const closed = this.listener.close()
    for (const connection of this.waiting ?? []) connection.destroy()
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
    if (this.waiting) {
      connection.pause()
      this.waiting.push(connection)
      return
    }
    const client = new ClientConnection(connection, this.broker, lookUp, () => {
      this.connections.delete(client)
      this.closedBytesIn += client.bytesIn
      this.closedBytesOut += client.bytesOut
    })
    this.connections.add(client)
    connection.resume()
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
