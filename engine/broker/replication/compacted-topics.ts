import { isMillraceError } from '../../base/errors.ts'
import { splitBatches } from '../../protocol/record-batch.ts'
import { RecordCursor } from '../../protocol/record-cursor.ts'
import type { BrokerContext } from '../server/context.ts'
import { topicValues } from '../settings/topic-configs.ts'
import { type ProduceAnswer, refusedProduce } from './produce.ts'

/** A compacted topic keeps records by key: one without a key could never be kept, nor deleted. */
export function keylessRecordFault(
  broker: BrokerContext,
  topic: string,
  records: Buffer,
): ProduceAnswer | undefined {
  const values = topicValues(broker.settings, broker.image.configs('topic', topic))
  if (!values.list('cleanup.policy').includes('compact')) return undefined
  try {
    for (const batch of splitBatches(records)) {
      const cursor = new RecordCursor(batch, broker.environment.codecs)
      while (cursor.next()) {
        if (cursor.key === null) {
          return refusedProduce('INVALID_RECORD', 'a topic with compaction takes no records without a key')
        }
      }
    }
  } catch (thrown) {
    // Damaged bytes are for the log to name.
    if (isMillraceError(thrown)) return undefined
    throw thrown
  }
  return undefined
}
