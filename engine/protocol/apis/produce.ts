import { api } from '../api.ts'
import { array, int16, int32, int64, records, string, struct, uuid } from '../schema.ts'

/** Versions 0–2 are advertised for clients that give up without them, and never served (KAFKA-18659). */
export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [3, 13],
  advertised: [0, 13],
  flexibleFrom: 9,
  request: struct({
    transactionalId: string({ nullableSince: 3, default: null }),
    acks: int16(),
    timeoutMs: int32(),
    topicData: array(
      struct({
        name: string({ until: 12, ignorable: true }),
        topicId: uuid({ since: 13, ignorable: true }),
        partitionData: array(
          struct({ index: int32(), records: records({ nullableSince: 0, default: null }) }),
        ),
      }),
    ),
  }),
  response: struct({
    responses: array(
      struct({
        name: string({ until: 12, ignorable: true }),
        topicId: uuid({ since: 13, ignorable: true }),
        partitionResponses: array(
          struct({
            index: int32(),
            errorCode: int16(),
            baseOffset: int64(),
            logAppendTimeMs: int64({ default: -1, ignorable: true }),
            logStartOffset: int64({ since: 5, default: -1, ignorable: true }),
            recordErrors: array(
              struct({
                batchIndex: int32(),
                batchIndexErrorMessage: string({ nullableSince: 8, default: null }),
              }),
              { since: 8, ignorable: true },
            ),
            errorMessage: string({ since: 8, nullableSince: 8, default: null, ignorable: true }),
            currentLeader: struct(
              { leaderId: int32({ default: -1 }), leaderEpoch: int32({ default: -1 }) },
              // A hint: earlier versions do without.
              { since: 10, tag: 0, ignorable: true },
            ),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    /** Where the leaders that `currentLeader` names are found (KIP-951). */
    nodeEndpoints: array(
      struct({
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: string({ nullableSince: 10, default: null }),
      }),
      { since: 10, tag: 0, ignorable: true },
    ),
  }),
})
