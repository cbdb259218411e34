import { MillraceError } from '../../base/errors.ts'
import type { Address, Environment } from '../../environment/index.ts'
import type { Decoded } from '../../protocol/schema.ts'
import type { BrokerAnswer, BrokerRequestKind } from './broker-requests.ts'
import type { ControllerAnswer, ControllerRequestKind } from './controller-requests.ts'
import type { PeerLinks, PeerServer } from './links.ts'
import { PeerConnection } from './peer-connection.ts'
import { PeerListener } from './peer-listener.ts'
import { brokerApi, controllerApi, fromWire, raftApi, replicaFetchApi } from './wire.ts'

export interface NetworkLinksOptions {
  readonly id: number
  /** Every broker's port for the others, its own too. */
  readonly addresses: ReadonlyMap<number, Address>
}

const controllerTimeoutMs = 2000
const brokerTimeoutMs = 5000
/** Beyond what a fetch is allowed to wait. */
const fetchTimeoutMs = 1000

/** Brokers that speak over sockets: each in a process, or a machine, of its own. */
export function connectOverNetwork(
  environment: Environment,
  options: NetworkLinksOptions,
  server: PeerServer,
): PeerLinks {
  const { id, addresses } = options
  const listener = new PeerListener(environment, server)
  listener.listen(addresses.get(id)!).catch((thrown: unknown) => {
    environment.log.write('error', 'peers', MillraceError.from(thrown).message)
  })
  const connections = new Map(
    [...addresses].map(([peer, address]) => {
      return [peer, new PeerConnection(environment, peer, address, (gone) => server.peerLost(peer, gone))]
    }),
  )
  const to = (peer: number): PeerConnection => {
    const connection = connections.get(peer)
    if (connection) return connection
    throw new MillraceError({ code: 'PEER_LOST', what: `there is no broker ${peer}` })
  }
  return {
    raft: (peer, message) => {
      to(peer).post(raftApi, { from: id, message: Buffer.from(JSON.stringify(message)) })
    },
    controller: async (peer, request) => {
      const answer = await to(peer).call(controllerApi, jsonRequest(request), controllerTimeoutMs)
      return JSON.parse(answerText(answer)) as ControllerAnswer<ControllerRequestKind>
    },
    broker: async (peer, request) => {
      const answer = await to(peer).call(brokerApi, jsonRequest(request), brokerTimeoutMs)
      return JSON.parse(answerText(answer)) as BrokerAnswer<BrokerRequestKind>
    },
    fetch: async (peer, request) => {
      return fromWire(await to(peer).call(replicaFetchApi, request, request.maxWaitMs + fetchTimeoutMs))
    },
    close: () => {
      for (const connection of connections.values()) connection.close()
      listener.close().catch(() => undefined) // only accepting ends with it, which cannot fail in a way that matters
    },
  }
}

function jsonRequest(request: unknown): { request: Buffer } {
  return { request: Buffer.from(JSON.stringify(request)) }
}

function answerText({ errorCode, errorText, answer }: Decoded<typeof controllerApi.response.schema>): string {
  if (errorCode !== '') throw new MillraceError({ code: errorCode, what: errorText })
  return answer.toString('utf8')
}
