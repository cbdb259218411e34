/**
 * EndTxn (26), versions 0–5.
 *
 * Commits or aborts. Answered when the decision is stored; the markers follow.
 * - v2: PRODUCER_FENCED instead of INVALID_PRODUCER_EPOCH. v5: the producer goes on with the epoch, or id, of the answer
 *   (KIP-890); a repeated request gets the same answer.
 * Deviations: none known.
 */
import { endTxn } from '../../protocol/apis/end-txn.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'
import { toldToProducer } from '../server/producer-errors.ts'

const bumpsSince = 5

export const handleEndTxn = handler(endTxn, async (broker, request, { version }) => {
  const { producerId, producerEpoch } = request
  const { error, ...identity } = await broker.transactions.end(request.transactionalId, {
    producerId,
    producerEpoch,
    isCommit: request.committed,
    clientVersion: version >= bumpsSince ? 2 : 0,
  })
  return { ...identity, errorCode: errorCodes[toldToProducer(error, version)] }
})
