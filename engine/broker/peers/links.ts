import type { RaftMessage } from '../controller/raft/messages.ts'
import type { BrokerAnswer, BrokerRequest, BrokerRequestKind } from './broker-requests.ts'
import type { ControllerAnswer, ControllerRequest, ControllerRequestKind } from './controller-requests.ts'
import type { ReplicaFetchAnswer, ReplicaFetchRequest } from './replica-fetch.ts'

/** How a broker reaches the others: within the process, or over their ports. */
export interface PeerLinks {
  /** May be lost; never twice. */
  raft(to: number, message: RaftMessage): void
  /** @throws MillraceError PEER_LOST, PEER_TIMED_OUT, or what the peer answered with */
  controller(to: number, request: ControllerRequest): Promise<ControllerAnswer<ControllerRequestKind>>
  /** @throws MillraceError PEER_LOST, PEER_TIMED_OUT, or what the peer answered with */
  broker(to: number, request: BrokerRequest): Promise<BrokerAnswer<BrokerRequestKind>>
  /** @throws MillraceError PEER_LOST, PEER_TIMED_OUT */
  fetch(to: number, request: ReplicaFetchRequest): Promise<ReplicaFetchAnswer>
  close(): void
}

/** What a broker does for the others. */
export interface PeerServer {
  raft(from: number, message: RaftMessage): void
  controller(request: ControllerRequest): Promise<ControllerAnswer<ControllerRequestKind>>
  broker(request: BrokerRequest): Promise<BrokerAnswer<BrokerRequestKind>>
  fetch(request: ReplicaFetchRequest): Promise<ReplicaFetchAnswer>
  /** The way to the peer broke. `gone`: nobody listens there any more. */
  peerLost(peer: number, gone: boolean): void
}
