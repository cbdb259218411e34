/**
 * AlterClientQuotas (49), versions 0–1.
 *
 * KIP-546: sets and removes quotas of users, client ids, both together, or addresses; a null name is for all without one of
 * their own. For each entity all that is asked or nothing: INVALID_REQUEST.
 * Deviations: connection_creation_rate is kept and told, without effect; names of hosts are not looked up. Rates are measured
 * on each broker; controller_mutation_rate too, where Kafka does it on the active controller.
 */
import { isMillraceError } from '../../base/errors.ts'
import { alterClientQuotas } from '../../protocol/apis/alter-client-quotas.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { QuotaAlteration, QuotaAnswer } from '../controller/client-quotas.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

const timeoutMs = 30_000

export const handleAlterClientQuotas = handler(
  alterClientQuotas,
  async (broker, { entries, validateOnly }) => {
    const answers = await ask(broker, entries, validateOnly)
    return {
      entries: entries.map(({ entity }, i) => {
        const { error, message } = answers[i]!
        return { errorCode: errorCodes[error], errorMessage: message ?? null, entity }
      }),
    }
  },
)

async function ask(
  broker: BrokerContext,
  alterations: readonly QuotaAlteration[],
  validateOnly: boolean,
): Promise<readonly QuotaAnswer[]> {
  try {
    const request = { alterations, validateOnly }
    const { answers, index } = await broker.askController('alter-quotas', request, timeoutMs)
    await broker.untilImage(() => broker.image.index >= index, timeoutMs)
    return answers
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    return alterations.map(() => ({ error: 'REQUEST_TIMED_OUT', message: thrown.what }))
  }
}
