import { api } from '../api.ts'
import { array, int16, int32, int64, string, struct } from '../schema.ts'

/** KIP-664, KIP-994, KIP-1152. */
export const listTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 2],
  flexibleFrom: 0,
  request: struct({
    /** Empty asks for all states; so with the next. */
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    /** Only those that are open for longer, in milliseconds; below 0 for all. */
    durationFilter: int64({ since: 1, default: -1 }),
    /** A regular expression; null or empty for all. */
    transactionalIdPattern: string({ since: 2, nullableSince: 2, default: null }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array(
      struct({ transactionalId: string(), producerId: int64(), transactionState: string() }),
    ),
  }),
})
