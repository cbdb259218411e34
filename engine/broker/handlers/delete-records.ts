/**
 * DeleteRecords (21), versions 0–2.
 *
 * KIP-107: the log start moves to the offset, −1 for the high watermark; followers follow with their next fetch.
 * - OFFSET_OUT_OF_RANGE past the high watermark; POLICY_VIOLATION where cleanup.policy does not have `delete`.
 * Deviations: answered when the leader's log start has moved; `lowWatermark` is the leader's, and followers are not waited for.
 */
import { isMillraceError } from '../../base/errors.ts'
import { deleteRecords } from '../../protocol/apis/delete-records.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'
import { topicValues } from '../settings/topic-configs.ts'

export const handleDeleteRecords = handler(deleteRecords, async (broker, { topics }) => ({
  topics: await Promise.all(
    topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async ({ partitionIndex, offset }) => {
          const { error, lowWatermark } = await cut(broker, name, partitionIndex, offset)
          return { partitionIndex, lowWatermark, errorCode: errorCodes[error] }
        }),
      ),
    })),
  ),
}))

interface Cut {
  readonly error: ErrorName
  readonly lowWatermark: number
}

async function cut(broker: BrokerContext, topic: string, partition: number, asked: number): Promise<Cut> {
  const refused = (error: ErrorName): Cut => ({ error, lowWatermark: -1 })
  if (!broker.image.partition(topic, partition)) return refused('UNKNOWN_TOPIC_OR_PARTITION')
  const replica = await broker.replicas.whenOpen(topic, partition)
  if (!replica?.leader) return refused('NOT_LEADER_OR_FOLLOWER')
  const values = topicValues(broker.settings, broker.image.configs('topic', topic))
  if (!values.list('cleanup.policy').includes('delete')) return refused('POLICY_VIOLATION')
  const offset = asked === -1 ? replica.highWatermark : asked
  if (offset < 0 || offset > replica.highWatermark) return refused('OFFSET_OUT_OF_RANGE')
  try {
    await replica.change((log) => log.advanceLogStart(offset))
  } catch (thrown) {
    if (isMillraceError(thrown)) return refused('KAFKA_STORAGE_ERROR')
    throw thrown
  }
  // Followers that wait for records hear of it now.
  broker.replicas.sessions.touch(replica)
  return { error: 'NONE', lowWatermark: replica.log.logStartOffset }
}
