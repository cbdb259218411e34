/**
 * DescribeLogDirs (35), versions 1–5.
 *
 * The one directory of this broker, with the replicas in it: bytes on disk, and how far each log's end is past the high
 * watermark. Null asks for all topics.
 * Deviations: the volume's size is not told (−1), as the environment's disk does not know it; there is one directory.
 */
import { describeLogDirs } from '../../protocol/apis/describe-log-dirs.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleDescribeLogDirs = handler(describeLogDirs, ({ replicas }, { topics }) => {
  const wanted = topics && new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  const byTopic = new Map<
    string,
    { partitionIndex: number; partitionSize: number; offsetLag: number; isFutureKey: boolean }[]
  >()
  for (const replica of replicas.all()) {
    const { topic, partition } = replica
    if (!replica.isOpen || (wanted && !wanted.get(topic)?.has(partition))) continue
    const list = byTopic.get(topic) ?? []
    byTopic.set(topic, list)
    list.push({
      partitionIndex: partition,
      partitionSize: replica.log.sizeBytes,
      offsetLag: Math.max(0, replica.log.logEndOffset - replica.highWatermark),
      isFutureKey: false,
    })
  }
  return {
    errorCode: errorCodes.NONE,
    results: [
      {
        errorCode: errorCodes.NONE,
        logDir: replicas.folder,
        topics: [...byTopic].map(([name, partitions]) => ({
          name,
          partitions: partitions.sort((a, b) => a.partitionIndex - b.partitionIndex),
        })),
      },
    ],
  }
})
