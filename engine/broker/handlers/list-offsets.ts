/**
 * ListOffsets (2), versions 1–11.
 *
 * - Timestamps: −1 latest (the high watermark), −2 earliest, −3 of the greatest timestamp (v7), −4 earliest on the leader's
 *   disk (v8, as earliest), −5 and −6 tiered storage (v9, v11: there is none, −1). Others: the first record at or after.
 *   In versions that do not know them these are refused with UNSUPPORTED_VERSION.
 * - v2: isolation level 1 sees nothing behind the last stable offset. v4: leader epochs are checked and given.
 * - v5: OFFSET_NOT_AVAILABLE while a new leader cannot know how far records are committed (KIP-207); before,
 *   LEADER_NOT_AVAILABLE.
 */
import { isMillraceError } from '../../base/errors.ts'
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
const notAvailableSince = 5
const readCommitted = 1
const nothing: Found = { offset: -1, timestampMs: -1, leaderEpoch: -1 }

export const handleListOffsets = handler(listOffsets, async (broker, request, { version }) => ({
  topics: await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async ({ partitionIndex, currentLeaderEpoch, timestamp }) => {
          const isKnown = version >= (queriesSince.get(timestamp) ?? 0)
          const found = isKnown
            ? await find(broker, name, partitionIndex, currentLeaderEpoch, {
                timestampMs: timestamp,
                readsCommitted: request.isolationLevel === readCommitted,
              })
            : 'UNSUPPORTED_VERSION'
          const error = typeof found === 'string' ? errorFor(found, version) : 'NONE'
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
  { timestampMs, readsCommitted }: { timestampMs: number; readsCommitted: boolean },
): Promise<Found | ErrorName> {
  if (!broker.image.partition(topic, partition)) return 'UNKNOWN_TOPIC_OR_PARTITION'
  const replica = await broker.replicas.whenOpen(topic, partition)
  const fault = leadershipFault(replica, currentLeaderEpoch)
  if (fault !== 'NONE' || !replica) return fault
  const { leaderEpoch } = replica
  const found = await findOffset(replica, timestampMs, readsCommitted).catch(unreadable)
  return replica.leaderEpoch === leaderEpoch ? found : 'NOT_LEADER_OR_FOLLOWER'
}

/** Records that a client has sent damaged are looked into here for the first time: others ask for this partition too. */
function unreadable(thrown: unknown): ErrorName {
  if (isMillraceError(thrown, 'CORRUPT_BATCH')) return 'CORRUPT_MESSAGE'
  throw thrown
}

function errorFor(error: ErrorName, version: number): ErrorName {
  return error === 'OFFSET_NOT_AVAILABLE' && version < notAvailableSince ? 'LEADER_NOT_AVAILABLE' : error
}

/**
 * What a leader answers to a query: consumers must not see what lies past the high watermark. A new leader's own
 * one can lie below what the leader before it acknowledged, until it has passed where the epoch began.
 */
export async function findOffset(
  replica: Replica,
  timestampMs: number,
  readsCommitted = false,
): Promise<Found | ErrorName> {
  const { log, highWatermark, leader } = replica
  const endOffset = readsCommitted ? replica.lastStableOffset : highWatermark
  if (!leader) return 'NOT_LEADER_OR_FOLLOWER'
  const isKnown = highWatermark >= leader.epochStartOffset
  const visible = (found: Found | undefined): Found | ErrorName => {
    if (found && found.offset < endOffset) return found
    return isKnown ? nothing : 'OFFSET_NOT_AVAILABLE'
  }
  const special = (offset: number): Found => ({
    offset,
    timestampMs: -1,
    leaderEpoch: replica.epochAt(offset),
  })
  switch (timestampMs) {
    case offsetQueries.latest:
      if (!isKnown) return 'OFFSET_NOT_AVAILABLE'
      return { offset: endOffset, timestampMs: -1, leaderEpoch: leader.leaderEpoch }
    case offsetQueries.earliest:
    case offsetQueries.earliestLocal:
      return special(log.logStartOffset)
    case offsetQueries.latestTiered:
    case offsetQueries.earliestPendingUpload:
      return nothing
    case offsetQueries.maxTimestamp:
      return visible(await log.maxTimestampOffset())
    default:
      if (timestampMs < 0) return 'UNSUPPORTED_VERSION'
      return visible(await log.offsetForTimestamp(timestampMs))
  }
}
