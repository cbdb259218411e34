/** Our client's ways to sign in, and TLS with certificates of clients, against Apache Kafka. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAdmin } from '../../engine/client/index.ts'
import { createNodeEnvironment } from '../../engine/node/environment/index.ts'
import { type Certificates, makeCertificates, opensslMissing } from '../client/certificates.ts'
import { asAlice, password, sessionMs, signInSuite, useAs } from '../client/sign-in-suite.ts'
import { type ApacheKafka, apacheKafkaMissing, startApacheKafka } from './apache-kafka.ts'

const missing = (await apacheKafkaMissing()) ?? (await opensslMissing())
if (missing !== undefined) process.stdout.write(`SKIPPED signing in on Apache Kafka: ${missing}\n`)

const environment = createNodeEnvironment({ log: { write: () => undefined } })
const modules = 'org.apache.kafka.common.security'
let kafka: ApacheKafka
let certificates: Certificates

describe.skipIf(missing !== undefined)('our client signs in on Apache Kafka', () => {
  beforeAll(async () => {
    certificates = await makeCertificates()
    const { folder } = certificates
    kafka = await startApacheKafka({
      listeners: { SASLP: 'SASL_PLAINTEXT', SASLS: 'SASL_SSL', TLS: 'SSL', SCRAM: 'SASL_PLAINTEXT' },
      formatArguments: ['256', '512'].flatMap((size) => [
        '--add-scram',
        `SCRAM-SHA-${size}=[name=alice,password="${password}"]`,
      ]),
      settings: {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
        ...login('saslp'),
        ...login('sasls'),
        ...login('scram'),
        'listener.name.scram.sasl.enabled.mechanisms': 'SCRAM-SHA-256',
        'listener.name.saslp.scram-sha-256.connections.max.reauth.ms': String(sessionMs),
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': `${folder}/keystore.pem`,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': `${folder}/authority.pem`,
        'listener.name.tls.ssl.client.auth': 'required',
      },
    })
  })
  afterAll(async () => {
    await kafka?.stop()
    await certificates?.remove()
  })

  signInSuite(environment, () => ({
    certificates,
    bootstrap: {
      SASL_PLAINTEXT: kafka.listener('SASLP'),
      SASL_SSL: kafka.listener('SASLS'),
      SSL: kafka.listener('TLS'),
    },
  }))

  test('OAUTHBEARER signs in with a token that is asked for', async () => {
    let asked = 0
    const token = async () => {
      asked++
      return unsecuredToken('alice', 3600)
    }
    const sasl = { mechanism: 'OAUTHBEARER', token, extensions: { origin: 'mill' } } as const
    await useAs(environment, { bootstrap: kafka.listener('SASLP'), sasl })
    expect(asked).toBeGreaterThan(0)
  })

  test('OAUTHBEARER with a token that has run out is refused, and says so', async () => {
    const sasl = { mechanism: 'OAUTHBEARER', token: unsecuredToken('alice', -3600) } as const
    const admin = createAdmin(environment, { bootstrap: kafka.listener('SASLP'), sasl })
    await expect(admin.listTopics()).rejects.toMatchObject({ code: 'SASL_AUTHENTICATION_FAILED' })
    await admin.close()
  })

  test('a mechanism that is not offered is refused with those that are', async () => {
    const admin = createAdmin(environment, { bootstrap: kafka.listener('SCRAM'), sasl: asAlice('PLAIN') })
    await expect(admin.listTopics()).rejects.toMatchObject({
      code: 'UNSUPPORTED_SASL_MECHANISM',
      what: expect.stringContaining('SCRAM-SHA-256'),
    })
    await admin.close()
  })
})

function login(listener: string): Record<string, string> {
  const users = `user_alice="${password}" user_admin="${password}"`
  const of = (mechanism: string, module: string) => [
    `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
    `${modules}.${module} required ${mechanism === 'plain' ? users : ''};`,
  ]
  return Object.fromEntries([
    of('plain', 'plain.PlainLoginModule'),
    of('scram-sha-256', 'scram.ScramLoginModule'),
    of('scram-sha-512', 'scram.ScramLoginModule'),
    of('oauthbearer', 'oauthbearer.OAuthBearerLoginModule'),
  ])
}

/** What Kafka's validator for trials takes: a token without a signature. */
function unsecuredToken(subject: string, validForS: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const nowS = Math.floor(Date.now() / 1000)
  const claims = { sub: subject, iat: Math.min(nowS, nowS + validForS - 60), exp: nowS + validForS }
  return `${part({ alg: 'none' })}.${part(claims)}.`
}
