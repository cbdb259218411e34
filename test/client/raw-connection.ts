import { BrokerConnection } from '../../engine/client/cluster/connection.ts'
import type { ConnectionOptions } from '../../engine/client/index.ts'
import { connectionSettings } from '../../engine/client/settings.ts'
import type { Environment } from '../../engine/environment/index.ts'
import { alterUserScramCredentials } from '../../engine/protocol/apis/alter-user-scram-credentials.ts'
import { scramKinds } from '../../engine/protocol/scram.ts'

/** For requests that our client has no method for. */
export async function withConnection<T>(
  environment: Environment,
  options: ConnectionOptions,
  use: (connection: BrokerConnection) => Promise<T>,
): Promise<T> {
  const settings = connectionSettings(options)
  const connection = await BrokerConnection.open(environment, settings, settings.bootstrap[0]!)
  try {
    return await use(connection)
  } finally {
    connection.close()
  }
}

/** Lets a user sign in by SCRAM, with either hash. */
export async function addScramUser(
  environment: Environment,
  options: ConnectionOptions,
  name: string,
  password: string,
): Promise<void> {
  const { crypto } = environment.codecs
  const salt = Buffer.from('some salt')
  const iterations = 4096
  const upsertions = scramKinds.map(({ hash, code }) => {
    const saltedPassword = crypto.stretch(hash, Buffer.from(password), salt, iterations)
    return { name, mechanism: code, iterations, salt, saltedPassword }
  })
  await withConnection(environment, options, async (connection) => {
    const { results } = await connection.request(alterUserScramCredentials, { deletions: [], upsertions })
    const fault = results.find(({ errorCode }) => errorCode !== 0)
    if (fault) throw new Error(`the user ${name} was refused: ${fault.errorMessage}`)
  })
}
