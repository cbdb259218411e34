/**
 * OffsetForLeaderEpoch (23), versions 2–4.
 *
 * Where the asked leader epoch, or the last one before it, ends: how consumers find out what a leader change took back
 * (KIP-320). An epoch that is newer than all known gives −1, −1.
 * Deviations: none known.
 */
import { offsetForLeaderEpoch } from '../../protocol/apis/offset-for-leader-epoch.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { leadershipFault } from '../replication/fetch.ts'
import { handler } from '../server/handler.ts'

export const handleOffsetForLeaderEpoch = handler(offsetForLeaderEpoch, async (broker, request) => ({
  topics: await Promise.all(
    request.topics.map(async ({ topic, partitions }) => ({
      topic,
      partitions: await Promise.all(
        partitions.map(async ({ partition, currentLeaderEpoch, leaderEpoch }) => {
          if (!broker.image.partition(topic, partition)) {
            return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, partition }
          }
          const replica = await broker.replicas.whenOpen(topic, partition)
          const fault = leadershipFault(replica, currentLeaderEpoch)
          if (fault !== 'NONE' || !replica) return { errorCode: errorCodes[fault], partition }
          const end = replica.log.endOffsetFor(leaderEpoch)
          if (!end) return { errorCode: errorCodes.NONE, partition }
          return {
            errorCode: errorCodes.NONE,
            partition,
            leaderEpoch: end.leaderEpoch,
            endOffset: end.endOffset,
          }
        }),
      ),
    })),
  ),
}))
