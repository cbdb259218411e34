import type { ErrorName } from '../../protocol/error-codes.ts'

const fencedSince = 2

/** AddPartitionsToTxn, AddOffsetsToTxn, EndTxn: before v2 there was one word for producers that are too old. */
export function toldToProducer(error: ErrorName, version: number): ErrorName {
  return error === 'PRODUCER_FENCED' && version < fencedSince ? 'INVALID_PRODUCER_EPOCH' : error
}
