/**
 * InitProducerId (22), versions 0–5.
 *
 * Gives a producer its id and epoch.
 * - Without a transactional id: always a new id with epoch 0.
 * - With one: by its coordinator, which first aborts what an earlier instance has left open (CONCURRENT_TRANSACTIONS until
 *   that is done) and gives the next epoch: the earlier instance is fenced.
 * - v3: a producer that goes on after an error says its present id and epoch (KIP-360). v4: PRODUCER_FENCED instead of
 *   INVALID_PRODUCER_EPOCH.
 * Deviations: none known.
 */

import { isMillraceError } from '../../base/errors.ts'
import { initProducerId } from '../../protocol/apis/init-producer-id.ts'
import { type ErrorName, errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

const fencedSince = 4

export const handleInitProducerId = handler(initProducerId, async (broker, request, { version }) => {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
  if (transactionalId !== null) {
    const claim = producerId >= 0 && producerEpoch >= 0 ? { producerId, producerEpoch } : undefined
    // One without the other says nothing.
    if (!claim && (producerId >= 0 || producerEpoch >= 0)) return refused('INVALID_REQUEST')
    const { error, ...identity } = await broker.transactions.init(transactionalId, {
      timeoutMs: transactionTimeoutMs,
      claim,
    })
    const isUnknown = error === 'PRODUCER_FENCED' && version < fencedSince
    return { ...identity, errorCode: errorCodes[isUnknown ? 'INVALID_PRODUCER_EPOCH' : error] }
  }
  try {
    return { errorCode: errorCodes.NONE, producerId: await broker.producerIds.take(broker), producerEpoch: 0 }
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return refused('COORDINATOR_LOAD_IN_PROGRESS')
  }
})

function refused(error: ErrorName) {
  return { errorCode: errorCodes[error], producerId: -1, producerEpoch: -1 }
}
