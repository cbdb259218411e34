import { api } from '../api.ts'
import { array, int8, int16, int32, string, struct } from '../schema.ts'

/**
 * Until v3 one key and its answer lie in the message itself; from v4 there are lists of them (KIP-699). An answer may be
 * filled in both ways: each version takes its own.
 */
export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexibleFrom: 3,
  request: struct({
    key: string({ until: 3 }),
    /** 0 group, 1 transaction, 2 share group. */
    keyType: int8({ since: 1, default: 0 }),
    coordinatorKeys: array(string(), { since: 4 }),
  }),
  response: struct({
    throttleTimeMs: int32({ since: 1, ignorable: true }),
    errorCode: int16({ until: 3, ignorable: true }),
    errorMessage: string({ since: 1, until: 3, nullableSince: 1, ignorable: true }),
    nodeId: int32({ until: 3, ignorable: true }),
    host: string({ until: 3, ignorable: true }),
    port: int32({ until: 3, ignorable: true }),
    coordinators: array(
      struct({
        key: string(),
        nodeId: int32(),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: string({ nullableSince: 4, ignorable: true }),
      }),
      { since: 4 },
    ),
  }),
})
