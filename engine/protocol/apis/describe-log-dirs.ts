import { api } from '../api.ts'
import { array, boolean, int16, int32, int64, string, struct } from '../schema.ts'

export const describeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [1, 5],
  flexibleFrom: 2,
  request: struct({
    /** Null asks for all. */
    topics: array(struct({ topic: string(), partitions: array(int32()) }), { nullableSince: 0 }),
  }),
  response: struct({
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ since: 3, ignorable: true }),
    results: array(
      struct({
        errorCode: int16(),
        logDir: string(),
        topics: array(
          struct({
            name: string(),
            partitions: array(
              struct({
                partitionIndex: int32(),
                partitionSize: int64(),
                /** How far the log's end is past the high watermark. */
                offsetLag: int64(),
                /** It is about to replace the current replica, from another directory. */
                isFutureKey: boolean(),
              }),
            ),
          }),
        ),
        /** Of the volume; −1 when unknown (KIP-827). */
        totalBytes: int64({ since: 4, default: -1, ignorable: true }),
        usableBytes: int64({ since: 4, default: -1, ignorable: true }),
        /** It takes no new replicas (KIP-1066). */
        isCordoned: boolean({ since: 5, default: false, ignorable: true }),
      }),
    ),
  }),
})
