import { api } from '../api.ts'
import { array, int16, int32, int64, string, struct } from '../schema.ts'

export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexibleFrom: 2,
  request: struct({
    topics: array(
      struct({
        name: string(),
        /** Records before `offset` go; −1 stands for the high watermark. */
        partitions: array(struct({ partitionIndex: int32(), offset: int64() })),
      }),
    ),
    timeoutMs: int32(),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            /** The lowest log start offset among the live replicas; −1 with an error. */
            lowWatermark: int64(),
            errorCode: int16(),
          }),
        ),
      }),
    ),
  }),
})
