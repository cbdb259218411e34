import { api } from '../api.ts'
import { boolean, int16, int32, int64, string, struct } from '../schema.ts'

export const endTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  flexibleFrom: 3,
  request: struct({
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    /** True commits, false aborts. */
    committed: boolean(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    /** What the producer goes on with (KIP-890); −1 with an error. */
    producerId: int64({ since: 5, default: -1, ignorable: true }),
    producerEpoch: int16({ since: 5, default: -1, ignorable: true }),
  }),
})
