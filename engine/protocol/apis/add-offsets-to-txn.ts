import { api } from '../api.ts'
import { int16, int32, int64, string, struct } from '../schema.ts'

export const addOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexibleFrom: 3,
  request: struct({
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  }),
  response: struct({ throttleTimeMs: int32({ default: 0 }), errorCode: int16() }),
})
