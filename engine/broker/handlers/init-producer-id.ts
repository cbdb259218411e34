/**
 * InitProducerId (22), versions 0–5.
 *
 * Gives an idempotent producer its id, always a new one, with epoch 0.
 * - v3: a producer that needs a higher epoch says its present id; without a transactional id it gets a new id.
 * Deviations: transactional ids are refused with INVALID_REQUEST: transactions are not served yet.
 */

import { isMillraceError } from '../../base/errors.ts'
import { initProducerId } from '../../protocol/apis/init-producer-id.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { handler } from '../server/handler.ts'

export const handleInitProducerId = handler(initProducerId, async (broker, request) => {
  if (request.transactionalId !== null) {
    return { errorCode: errorCodes.INVALID_REQUEST, producerId: -1, producerEpoch: -1 }
  }
  try {
    const producerId = await broker.producerIds.take(broker)
    return { errorCode: errorCodes.NONE, producerId, producerEpoch: 0 }
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return { errorCode: errorCodes.COORDINATOR_LOAD_IN_PROGRESS, producerId: -1, producerEpoch: -1 }
  }
})
