/**
 * AlterUserScramCredentials (51), version 0.
 *
 * KIP-554: makes, replaces and removes what users sign in with by SCRAM. What is kept in the metadata can check a password
 * and not give it. For each user all that is asked or nothing: RESOURCE_NOT_FOUND, UNACCEPTABLE_CREDENTIAL,
 * UNSUPPORTED_SASL_MECHANISM, DUPLICATE_RESOURCE.
 */
import { isMillraceError } from '../../base/errors.ts'
import { alterUserScramCredentials } from '../../protocol/apis/alter-user-scram-credentials.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { ScramAlteration, ScramAnswer } from '../controller/scram-credentials.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

const timeoutMs = 30_000

export const handleAlterUserScramCredentials = handler(alterUserScramCredentials, async (broker, request) => {
  const alteration = {
    deletions: request.deletions,
    upsertions: request.upsertions.map(({ salt, saltedPassword, ...rest }) => ({
      ...rest,
      salt: salt.toString('base64'),
      saltedPassword: saltedPassword.toString('base64'),
    })),
  }
  const answers = await ask(broker, alteration)
  const results = answers.map(({ user, error, message }) => ({
    user,
    errorCode: errorCodes[error],
    errorMessage: message ?? null,
  }))
  return { results }
})

async function ask(broker: BrokerContext, alteration: ScramAlteration): Promise<readonly ScramAnswer[]> {
  try {
    const { answers, index } = await broker.askController('alter-scram', alteration, timeoutMs)
    await broker.untilImage(() => broker.image.index >= index, timeoutMs)
    return answers
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    const users = new Set([...alteration.deletions, ...alteration.upsertions].map(({ name }) => name))
    return [...users].map((user) => ({ user, error: 'REQUEST_TIMED_OUT', message: thrown.what }))
  }
}
