import { MillraceError } from '../../base/errors.ts'
import type { Address, Connection, Environment, Listener } from '../../environment/index.ts'
import { FrameSplitter } from '../../protocol/frame-splitter.ts'
import {
  decodeRequest,
  decodeRequestHeader,
  encodeResponse,
  type RequestHeader,
} from '../../protocol/frames.ts'
import type { RaftMessage } from '../controller/raft/messages.ts'
import type { BrokerRequest } from './broker-requests.ts'
import type { ControllerRequest } from './controller-requests.ts'
import type { PeerServer } from './links.ts'
import { peerFrameBytesMax } from './peer-connection.ts'
import { brokerApi, controllerApi, raftApi, replicaFetchApi, toWire } from './wire.ts'

/** The port on which the other brokers are answered, each request when its answer is there. */
export class PeerListener {
  private readonly environment: Environment
  private readonly server: PeerServer
  private readonly connections = new Set<Connection>()
  private listener: Listener | undefined
  private isClosed = false

  constructor(environment: Environment, server: PeerServer) {
    this.environment = environment
    this.server = server
  }

  async listen(address: Address): Promise<void> {
    const listener = await this.environment.network.listen(address, (connection) => this.accept(connection))
    if (this.isClosed) await listener.close()
    else this.listener = listener
  }

  async close(): Promise<void> {
    this.isClosed = true
    for (const connection of this.connections) connection.destroy()
    await this.listener?.close()
  }

  private accept(connection: Connection): void {
    this.connections.add(connection)
    const splitter = new FrameSplitter(peerFrameBytesMax)
    connection.onClose(() => this.connections.delete(connection))
    connection.onData((chunk) => {
      try {
        for (const frame of splitter.push(chunk)) void this.take(connection, frame)
      } catch (thrown) {
        this.refuse(connection, thrown)
      }
    })
  }

  private async take(connection: Connection, frame: Buffer): Promise<void> {
    try {
      const answer = await this.answer(decodeRequestHeader(frame), frame)
      if (answer) connection.write(answer)
    } catch (thrown) {
      this.refuse(connection, thrown)
    }
  }

  private async answer(header: RequestHeader, frame: Buffer): Promise<Buffer[] | undefined> {
    switch (header.apiKey) {
      case raftApi.key: {
        const { from, message } = decodeRequest(raftApi, header, frame)
        this.server.raft(from, JSON.parse(message.toString('utf8')) as RaftMessage)
        return undefined
      }
      case controllerApi.key: {
        const { request } = decodeRequest(controllerApi, header, frame)
        const asked = JSON.parse(request.toString('utf8')) as ControllerRequest
        const answer = await this.ask(() => this.server.controller(asked))
        return encodeResponse(controllerApi, 0, header.correlationId, answer)
      }
      case brokerApi.key: {
        const { request } = decodeRequest(brokerApi, header, frame)
        const asked = JSON.parse(request.toString('utf8')) as BrokerRequest
        const answer = await this.ask(() => this.server.broker(asked))
        return encodeResponse(brokerApi, 0, header.correlationId, answer)
      }
      case replicaFetchApi.key: {
        const answer = await this.server.fetch(decodeRequest(replicaFetchApi, header, frame))
        return encodeResponse(replicaFetchApi, 0, header.correlationId, toWire(answer))
      }
      default:
        throw new MillraceError({ code: 'MALFORMED_FRAME', what: `brokers have no API ${header.apiKey}` })
    }
  }

  private async ask(serve: () => Promise<unknown>) {
    try {
      const answer = await serve()
      return { errorCode: '', errorText: '', answer: Buffer.from(JSON.stringify(answer)) }
    } catch (thrown) {
      const error = MillraceError.from(thrown)
      return { errorCode: error.code, errorText: error.what, answer: Buffer.alloc(0) }
    }
  }

  private refuse(connection: Connection, thrown: unknown): void {
    const { what, code } = MillraceError.from(thrown)
    const { host, port } = connection.remote
    if (code !== 'BROKER_STARTING') {
      this.environment.log.write('warn', 'peers', `closed the connection from ${host}:${port}: ${what}`)
    }
    connection.destroy()
  }
}
