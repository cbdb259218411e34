/**
 * ListOffsets (2), versions 1–11.
 *
 * - Timestamps: −1 latest (the high watermark), −2 earliest, −3 of the greatest timestamp (v7), −4 earliest on the leader's
 *   disk (v8, as earliest), −5 and −6 tiered storage (v9, v11: there is none, −1). Others: the first record at or after.
 *   In versions that do not know them these are refused with UNSUPPORTED_VERSION.
 * - v4: leader epochs are checked and given.
 * Deviations: OFFSET_NOT_AVAILABLE (KIP-207) is not given: a new leader answers with the high watermark that it has.
 */
import { listOffsets, offsetQueries } from '../../protocol/apis/list-offsets.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { leadershipFault } from '../replication/fetch.ts'
import type { Replica } from '../replication/replica.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

interface Found {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}

/** The first version that knows a special timestamp. */
const queriesSince: ReadonlyMap<number, number> = new Map([
  [offsetQueries.maxTimestamp, 7],
  [offsetQueries.earliestLocal, 8],
  [offsetQueries.latestTiered, 9],
  [offsetQueries.earliestPendingUpload, 11],
])
const nothing: Found = { offset: -1, timestampMs: -1, leaderEpoch: -1 }

export const handleListOffsets = handler(listOffsets, async (broker, request, { version }) => ({
  topics: await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async ({ partitionIndex, currentLeaderEpoch, timestamp }) => {
          const isKnown = version >= (queriesSince.get(timestamp) ?? 0)
          const found = isKnown
            ? await find(broker, name, partitionIndex, currentLeaderEpoch, timestamp)
            : 'UNSUPPORTED_VERSION'
          const error = typeof found === 'string' ? found : 'NONE'
          const { offset, timestampMs, leaderEpoch } = typeof found === 'string' ? nothing : found
          return { partitionIndex, errorCode: errorCodes[error], timestamp: timestampMs, offset, leaderEpoch }
        }),
      ),
    })),
  ),
}))

async function find(
  broker: BrokerContext,
  topic: string,
  partition: number,
  currentLeaderEpoch: number,
  timestampMs: number,
): Promise<Found | ErrorName> {
  if (!broker.image.partition(topic, partition)) return 'UNKNOWN_TOPIC_OR_PARTITION'
  const replica = await broker.replicas.whenOpen(topic, partition)
  const fault = leadershipFault(replica, currentLeaderEpoch)
  if (fault !== 'NONE' || !replica) return fault
  const { leaderEpoch } = replica
  const found = await query(replica, timestampMs)
  return replica.leaderEpoch === leaderEpoch ? found : 'NOT_LEADER_OR_FOLLOWER'
}

async function query(replica: Replica, timestampMs: number): Promise<Found | ErrorName> {
  const { log, highWatermark } = replica
  const special = (offset: number): Found => ({
    offset,
    timestampMs: -1,
    leaderEpoch: replica.epochAt(offset),
  })
  switch (timestampMs) {
    case offsetQueries.latest:
      return { offset: highWatermark, timestampMs: -1, leaderEpoch: replica.leaderEpoch }
    case offsetQueries.earliest:
    case offsetQueries.earliestLocal:
      return special(log.logStartOffset)
    case offsetQueries.latestTiered:
    case offsetQueries.earliestPendingUpload:
      return nothing
    case offsetQueries.maxTimestamp:
      return visible(await log.maxTimestampOffset(), highWatermark)
    default:
      if (timestampMs < 0) return 'UNSUPPORTED_VERSION'
      return visible(await log.offsetForTimestamp(timestampMs), highWatermark)
  }
}

/** Consumers must not see what lies past the high watermark. */
function visible(found: Found | undefined, highWatermark: number): Found {
  return found && found.offset < highWatermark ? found : nothing
}
