import { expect, test } from 'vitest'
import type { ConnectionOptions, SaslOptions } from '../../engine/client/index.ts'
import { createAdmin, createConsumer, createProducer } from '../../engine/client/index.ts'
import type { Environment } from '../../engine/environment/index.ts'
import type { Certificates } from './certificates.ts'
import { bytes, readAll, sleep } from './client-world.ts'

type Protocol = 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface SecuredPorts {
  readonly certificates: Certificates
  /** `host:port` of the listener with that protocol. SSL wants a certificate of the client. */
  readonly bootstrap: Readonly<Record<Protocol, readonly string[]>>
}

export const password = 'a-word+and-more'

export const asAlice = (mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', word = password) =>
  ({ mechanism, username: 'alice', password: word }) as const

let topics = 0

/** Makes a topic, writes a record and reads it. */
export async function useAs(environment: Environment, options: ConnectionOptions): Promise<void> {
  const topic = `signed-in-${++topics}`
  const admin = createAdmin(environment, options)
  const producer = createProducer(environment, options)
  const consumer = createConsumer(environment, { ...options, autoOffsetReset: 'earliest' })
  try {
    await admin.createTopics([{ name: topic, partitions: 1 }])
    await producer.send({ topic, key: null, value: bytes('a record') })
    const [record] = await readAll(consumer, topic, 1, 1)
    expect(String(record?.value)).toBe('a record')
  } finally {
    await Promise.all([admin.close(), producer.close(), consumer.close()])
  }
}

async function refusal(environment: Environment, options: ConnectionOptions): Promise<unknown> {
  const admin = createAdmin(environment, options)
  try {
    return await admin.listTopics().then(
      () => 'nothing was refused',
      (error: { code: string }) => error,
    )
  } finally {
    await admin.close()
  }
}

/** Every way to sign in that the cluster offers, and what it refuses. */
export function signInSuite(environment: Environment, ports: () => SecuredPorts): void {
  const plain = (sasl: SaslOptions) => ({ bootstrap: ports().bootstrap.SASL_PLAINTEXT, sasl })

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)('%s signs in', (mechanism) =>
    useAs(environment, plain(asAlice(mechanism))),
  )

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    '%s with a wrong password, and with a user who is not there, is refused',
    async (mechanism) => {
      const refused = { code: 'SASL_AUTHENTICATION_FAILED' }
      expect(await refusal(environment, plain(asAlice(mechanism, 'wrong')))).toMatchObject(refused)
      const nobody = { ...asAlice(mechanism), username: 'nobody' }
      expect(await refusal(environment, plain(nobody))).toMatchObject(refused)
    },
  )

  test('SCRAM over TLS signs in', () => {
    const { bootstrap, certificates } = ports()
    const tls = { ca: certificates.ca }
    return useAs(environment, { bootstrap: bootstrap.SASL_SSL, tls, sasl: asAlice('SCRAM-SHA-512') })
  })

  test('a certificate of the client is asked for, shown, and refused when it comes from a stranger', async () => {
    const { bootstrap, certificates } = ports()
    const { ca, client, stranger } = certificates
    await useAs(environment, { bootstrap: bootstrap.SSL, tls: { ca, ...client } })
    const bare = { bootstrap: bootstrap.SSL, requestTimeoutMs: 2000 }
    expect(await refusal(environment, { ...bare, tls: { ca } })).toMatchObject({ code: 'TLS_FAILED' })
    // Not every broker says why: OpenSSL's, as Node uses it, ends the connection without a word.
    expect(await refusal(environment, { ...bare, tls: { ca, ...stranger } })).toMatchObject({
      code: expect.stringMatching(/TLS_FAILED|NO_BROKER_REACHABLE/),
    })
  })

  test("a broker whose certificate's authority is not known is not spoken to", async () => {
    const { bootstrap } = ports()
    const refused = await refusal(environment, { bootstrap: bootstrap.SSL, tls: {} })
    expect(refused).toMatchObject({ code: 'TLS_FAILED' })
  })

  test('a session that ends is prolonged on the same connection', async () => {
    let connections = 0
    const counting: Environment = {
      ...environment,
      network: {
        ...environment.network,
        connect: (options) => {
          connections++
          return environment.network.connect(options)
        },
      },
    }
    const options = plain(asAlice('SCRAM-SHA-256'))
    const admin = createAdmin(environment, options)
    const topic = `prolonged-${++topics}`
    await admin.createTopics([{ name: topic, partitions: 1 }])
    await admin.close()
    const producer = createProducer(counting, options)
    const send = () => producer.send({ topic, key: null, value: bytes('x') })
    await send()
    const before = connections
    const endMs = performance.now() + 2.5 * sessionMs
    while (performance.now() < endMs) {
      await send()
      await sleep(5)
    }
    await producer.close()
    expect(connections).toBe(before)
  })
}

/** What the clusters' SCRAM-SHA-256 is set to (connections.max.reauth.ms). */
export const sessionMs = 2000
