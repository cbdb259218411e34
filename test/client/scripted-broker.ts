import type { Connection, Environment } from '../../engine/environment/index.ts'
import type { Api, RequestOf, ResponseInput } from '../../engine/protocol/api.ts'
import { apiVersions } from '../../engine/protocol/apis/api-versions.ts'
import { apis } from '../../engine/protocol/apis/index.ts'
import { initProducerId } from '../../engine/protocol/apis/init-producer-id.ts'
import { metadata } from '../../engine/protocol/apis/metadata.ts'
import { FrameSplitter } from '../../engine/protocol/frame-splitter.ts'
import { decodeRequest, decodeRequestHeader, encodeResponse } from '../../engine/protocol/frames.ts'
import type { Field } from '../../engine/protocol/schema.ts'

/** In place of an answer: none to this request, nothing from there on, the end of the connection, or bytes that are no answer. */
export type Misbehaviour = 'no answer' | 'silence' | 'hang up' | 'garbage'

type Answer<R extends Field> = ResponseInput<Api<Field, R>> | Misbehaviour
type Serve = (connection: Connection, frame: Buffer) => void | Promise<void>

/**
 * A broker on a real socket that answers as a test tells it to, for what real brokers do too rarely to wait for. Out of
 * the box it knows one topic `t` with one partition, which it leads.
 */
export class ScriptedBroker {
  readonly address: string
  readonly #port: number
  readonly #serve: Map<number, Serve>
  /** Names of the APIs that were called, in order. */
  readonly calls: string[]
  readonly #close: () => Promise<void>
  /** How many partitions every topic has. */
  partitions = 1

  private constructor(port: number, serve: Map<number, Serve>, calls: string[], close: () => Promise<void>) {
    this.#port = port
    this.address = `127.0.0.1:${port}`
    this.#serve = serve
    this.calls = calls
    this.#close = close
  }

  static async start(environment: Environment): Promise<ScriptedBroker> {
    const serve = new Map<number, Serve>()
    const calls: string[] = []
    const connections = new Set<Connection>()
    const listener = await environment.network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
      connections.add(connection)
      const splitter = new FrameSplitter(100_000_000)
      // Answers leave in the order of the requests, as brokers see to.
      let before: Promise<void> = Promise.resolve()
      connection.onClose(() => connections.delete(connection))
      connection.onData((chunk) => {
        for (const frame of splitter.push(chunk)) {
          const { apiKey } = decodeRequestHeader(frame)
          calls.push(apis.find((api) => api.key === apiKey)?.name ?? String(apiKey))
          before = before.then(() => serve.get(apiKey)?.(connection, frame))
        }
      })
    })
    const broker = new ScriptedBroker(listener.address.port, serve, calls, async () => {
      await listener.close()
      for (const connection of connections) connection.destroy()
    })
    broker.#beOrdinary()
    return broker
  }

  /** Says how requests of an API are answered from now on. */
  on<Request extends Field, Response extends Field>(
    api: Api<Request, Response>,
    answer: (
      request: RequestOf<Api<Request, Response>>,
      version: number,
    ) => Answer<Response> | Promise<Answer<Response>>,
  ): void {
    this.#serve.set(api.key, async (connection, frame) => {
      const header = decodeRequestHeader(frame)
      const result = await answer(decodeRequest(api, header, frame), header.apiVersion)
      if (result === 'silence') await new Promise(() => undefined)
      if (result === 'hang up') connection.destroy()
      else if (result === 'garbage') connection.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')])
      else if (result !== 'silence' && result !== 'no answer') {
        connection.write(encodeResponse(api, header.apiVersion, header.correlationId, result))
      }
    })
  }

  close(): Promise<void> {
    return this.#close()
  }

  #beOrdinary(): void {
    this.on(apiVersions, () => ({
      errorCode: 0,
      apiKeys: apis.map((api) => ({
        apiKey: api.key,
        minVersion: api.versions[0],
        maxVersion: api.versions[1],
      })),
    }))
    this.on(metadata, ({ topics }) => ({
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: this.#port }],
      clusterId: 'scripted',
      controllerId: 1,
      topics: (topics ?? [{ name: 't' }]).map(({ name }) => ({
        errorCode: 0,
        name,
        topicId: '00000000-0000-0000-0000-000000000001',
        isInternal: false,
        partitions: Array.from({ length: this.partitions }, (_, partitionIndex) => ({
          errorCode: 0,
          partitionIndex,
          leaderId: 1,
          leaderEpoch: 0,
          replicaNodes: [1],
          isrNodes: [1],
          offlineReplicas: [],
        })),
      })),
    }))
    this.on(initProducerId, () => ({ errorCode: 0, producerId: 77, producerEpoch: 0 }))
  }
}
