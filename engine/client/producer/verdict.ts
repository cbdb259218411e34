import { errorCodes } from '../../protocol/error-codes.ts'
import { isRetriableCode } from '../kafka-error.ts'
import type { ProducerBatch } from './batch.ts'
import type { PartitionQueue } from './partition-queue.ts'

/** What to do with a batch after a broker's answer. */
export type Verdict = 'done' | 'retry' | 'new sequences' | 'split' | 'fail'

const tooLarge: ReadonlySet<number> = new Set([
  errorCodes.MESSAGE_TOO_LARGE,
  errorCodes.RECORD_LIST_TOO_LARGE,
])
/** The broker and we disagree on which sequence comes next. */
const outOfStep: ReadonlySet<number> = new Set([
  errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  errorCodes.UNKNOWN_PRODUCER_ID,
  errorCodes.INVALID_PRODUCER_EPOCH,
])

/** To be asked once the batch has been taken off those in flight. */
export function judge(errorCode: number, batch: ProducerBatch, queue: PartitionQueue): Verdict {
  if (errorCode === 0 || errorCode === errorCodes.DUPLICATE_SEQUENCE_NUMBER) return 'done'
  if (tooLarge.has(errorCode)) return batch.recordCount > 1 ? 'split' : 'fail'
  if (outOfStep.has(errorCode) && batch.identity !== undefined) {
    // Behind a batch that has to be sent again this is to be expected.
    const isExpected = queue.hasEarlier(batch) || batch.identity !== queue.identity
    return isExpected ? 'retry' : 'new sequences'
  }
  return isRetriableCode(errorCode) ? 'retry' : 'fail'
}
