import { api } from '../api.ts'
import { array, int16, int32, string, struct, uuid } from '../schema.ts'

export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleFrom: 4,
  request: struct({
    /** Each by its name or, with a null name, by its id. */
    topics: array(
      struct({ name: string({ nullableSince: 6, default: null }), topicId: uuid({ since: 6 }) }),
      {
        since: 6,
      },
    ),
    topicNames: array(string(), { until: 5, ignorable: true }),
    timeoutMs: int32(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    responses: array(
      struct({
        name: string({ nullableSince: 6 }),
        topicId: uuid({ since: 6, ignorable: true }),
        errorCode: int16(),
        errorMessage: string({ since: 5, nullableSince: 5, default: null, ignorable: true }),
      }),
    ),
  }),
})
