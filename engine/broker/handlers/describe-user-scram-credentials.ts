/**
 * DescribeUserScramCredentials (50), version 0.
 *
 * KIP-554: which users can sign in by SCRAM, by which mechanisms and with how many iterations; nothing of the passwords.
 * - Null or no users: all. RESOURCE_NOT_FOUND for one without credentials, DUPLICATE_RESOURCE for one named twice.
 */
import { describeUserScramCredentials } from '../../protocol/apis/describe-user-scram-credentials.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { BrokerContext } from '../server/context.ts'
import { handler } from '../server/handler.ts'

export const handleDescribeUserScramCredentials = handler(
  describeUserScramCredentials,
  (broker, { users }) => {
    const names = users?.length ? users.map(({ name }) => name) : [...broker.image.clients.scram.keys()]
    const results = [...new Set(names)].map((user) => {
      const isTwice = names.indexOf(user) !== names.lastIndexOf(user)
      return isTwice ? refused(user, 'DUPLICATE_RESOURCE', twice) : describe(broker, user)
    })
    return { errorCode: errorCodes.NONE, errorMessage: null, results }
  },
)

const twice = 'Cannot describe SCRAM credentials for the same user twice in a single request: '
const missing = 'Attempt to describe a user credential that does not exist: '

function describe({ image }: BrokerContext, user: string) {
  const credentials = image.clients.scram.get(user)
  if (!credentials) return refused(user, 'RESOURCE_NOT_FOUND', missing)
  const credentialInfos = [...credentials].map(([mechanism, { iterations }]) => ({ mechanism, iterations }))
  return { user, errorCode: errorCodes.NONE, errorMessage: null, credentialInfos }
}

function refused(user: string, error: 'DUPLICATE_RESOURCE' | 'RESOURCE_NOT_FOUND', text: string) {
  return { user, errorCode: errorCodes[error], errorMessage: text + user, credentialInfos: [] }
}
