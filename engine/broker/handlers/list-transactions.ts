/**
 * ListTransactions (66), versions 0–2 (KIP-664).
 *
 * The transactional ids that this broker coordinates, by state and producer id.
 * - v1: only those open for longer than a duration. v2: by a pattern of the whole id, in RE2's syntax (INVALID_REGULAR_EXPRESSION).
 */
import { isMillraceError } from '../../base/errors.ts'
import { listTransactions } from '../../protocol/apis/list-transactions.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { transactionStates } from '../../protocol/transaction-records.ts'
import { LinearPattern } from '../coordinator/pattern/linear-pattern.ts'
import type { TransactionFacts } from '../coordinator/transaction/transaction.ts'
import { handler } from '../server/handler.ts'

export const handleListTransactions = handler(listTransactions, (broker, request) => {
  const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = request
  const unknownStateFilters = stateFilters.filter((state) => !(state in transactionStates))
  const pattern = patternOf(transactionalIdPattern)
  if (pattern === 'invalid') return refused(errorCodes.INVALID_REGULAR_EXPRESSION, unknownStateFilters)
  const found = broker.transactions.list()
  if (typeof found === 'string') return refused(errorCodes[found], unknownStateFilters)
  const nowMs = broker.environment.clock.nowMs()
  const isWanted = (transactionalId: string, facts: TransactionFacts): boolean => {
    if (facts.state === 'Dead') return false
    if (stateFilters.length > 0 && !stateFilters.includes(facts.state)) return false
    if (producerIdFilters.length > 0 && !producerIdFilters.includes(facts.producerId)) return false
    const isOpen = facts.state === 'Ongoing' || facts.state.startsWith('Prepare')
    if (durationFilter >= 0 && !(isOpen && nowMs - facts.startMs > durationFilter)) return false
    return pattern?.matches(transactionalId) ?? true
  }
  return {
    errorCode: errorCodes.NONE,
    unknownStateFilters,
    transactionStates: found
      .filter(({ transactionalId, facts }) => isWanted(transactionalId, facts))
      .map(({ transactionalId, facts }) => {
        return { transactionalId, producerId: facts.producerId, transactionState: facts.state }
      }),
  }
})

/** It has to fit the whole id. */
function patternOf(text: string | null): LinearPattern | 'invalid' | undefined {
  if (text === null || text === '') return undefined
  try {
    return new LinearPattern(text)
  } catch (thrown) {
    if (!isMillraceError(thrown, 'INVALID_REGULAR_EXPRESSION')) throw thrown
    return 'invalid' // the client is told so
  }
}

function refused(errorCode: number, unknownStateFilters: string[]) {
  return { errorCode, unknownStateFilters, transactionStates: [] }
}
