import { MillraceError } from '../../base/errors.ts'
import { api } from '../../protocol/api.ts'
import { errorCodes, errorOf } from '../../protocol/error-codes.ts'
import {
  array,
  boolean,
  bytes,
  type Decoded,
  type Encodable,
  int16,
  int32,
  int64,
  string,
  struct,
  uuid,
} from '../../protocol/schema.ts'
import type { ReplicaFetchAnswer } from './replica-fetch.ts'

/**
 * What brokers say to each other over a port of their own, in the same framing as Kafka's protocol. Keys far above
 * Kafka's; spoken only between brokers of one version.
 */
export const raftApi = api({
  key: 20_000,
  name: 'PeerRaft',
  versions: [0, 0],
  request: struct({ from: int32(), message: bytes() }),
  /** Never sent. */
  response: struct({}),
})

const jsonRequest = struct({ request: bytes() })
const jsonAnswer = struct({
  /** Of a MillraceError; empty: none. */
  errorCode: string(),
  errorText: string(),
  answer: bytes(),
})

export const controllerApi = api({
  key: 20_001,
  name: 'PeerController',
  versions: [0, 0],
  request: jsonRequest,
  response: jsonAnswer,
})

export const brokerApi = api({
  key: 20_003,
  name: 'PeerBroker',
  versions: [0, 0],
  request: jsonRequest,
  response: jsonAnswer,
})

export const replicaFetchApi = api({
  key: 20_002,
  name: 'PeerReplicaFetch',
  versions: [0, 0],
  request: struct({
    followerId: int32(),
    followerEpoch: int64(),
    sessionId: int32(),
    sequence: int32(),
    isWake: boolean(),
    partitions: array(
      struct({
        topicId: uuid(),
        partition: int32(),
        leaderEpoch: int32(),
        fetchOffset: int64(),
        lastFetchedEpoch: int32(),
      }),
    ),
    forgotten: array(struct({ topicId: uuid(), partition: int32() })),
    maxWaitMs: int32(),
    maxBytes: int32(),
  }),
  response: struct({
    errorCode: int16(),
    sessionId: int32(),
    partitions: array(
      struct({
        topicId: uuid(),
        partition: int32(),
        errorCode: int16(),
        highWatermark: int64(),
        logStartOffset: int64(),
        divergingEpoch: int32(),
        divergingEndOffset: int64(),
        batches: array(bytes()),
      }),
    ),
  }),
})

export type WireFetchRequest = Encodable<typeof replicaFetchApi.request.schema>
export type WireFetchAnswer = Decoded<typeof replicaFetchApi.response.schema>

export function toWire(answer: ReplicaFetchAnswer): Encodable<typeof replicaFetchApi.response.schema> {
  return {
    errorCode: errorCodes[answer.error],
    sessionId: answer.sessionId,
    partitions: answer.partitions.map(({ error, ...rest }) => ({ ...rest, errorCode: errorCodes[error] })),
  }
}

/** @throws MillraceError PEER_LOST for an error that brokers do not send */
export function fromWire(wire: WireFetchAnswer): ReplicaFetchAnswer {
  return {
    error: sessionError(errorOf(wire.errorCode).name),
    sessionId: wire.sessionId,
    partitions: wire.partitions.map(({ errorCode, ...rest }) => ({
      ...rest,
      error: errorOf(errorCode).name,
    })),
  }
}

function sessionError(name: string): ReplicaFetchAnswer['error'] {
  if (name === 'NONE' || name === 'FETCH_SESSION_ID_NOT_FOUND' || name === 'STALE_BROKER_EPOCH') return name
  throw new MillraceError({ code: 'PEER_LOST', what: `a broker answered a follower with ${name}` })
}
