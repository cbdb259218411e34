import { api } from '../api.ts'
import { array, int8, int16, int32, string, struct } from '../schema.ts'

/** The `electionType`: v0 knows only the first. */
export const electionTypes = { preferred: 0, unclean: 1 } as const

export const electLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    electionType: int8({ since: 1 }),
    /** Null asks for all. */
    topicPartitions: array(struct({ topic: string(), partitions: array(int32()) }), { nullableSince: 0 }),
    timeoutMs: int32({ default: 60_000 }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ since: 1 }),
    replicaElectionResults: array(
      struct({
        topic: string(),
        partitionResult: array(
          struct({ partitionId: int32(), errorCode: int16(), errorMessage: string({ nullableSince: 0 }) }),
        ),
      }),
    ),
  }),
})
