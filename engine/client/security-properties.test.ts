import { expect, test } from 'vitest'
import { parseProperties, securityOf } from './security-properties.ts'

const read = async (path: string) => `content of ${path}`
const of = (...lines: string[]) => securityOf(parseProperties(lines.join('\n')), read)

test('a file for Kafka’s own clients says how to sign in', async () => {
  const jaas =
    'org.apache.kafka.common.security.scram.ScramLoginModule required \\\n  username="al" password="a\\"=b";'
  expect(
    await of(
      '# for all tools',
      'security.protocol = SASL_SSL',
      'sasl.mechanism=SCRAM-SHA-256',
      `sasl.jaas.config=${jaas}`,
      'ssl.truststore.type=PEM',
      'ssl.truststore.location=/ca.pem',
      'fetch.max.bytes=5',
    ),
  ).toEqual({
    tls: { ca: 'content of /ca.pem' },
    sasl: { mechanism: 'SCRAM-SHA-256', username: 'al', password: 'a"=b' },
  })
})

test('a certificate of the client comes from a file with both, or from texts', async () => {
  const tls = { certificate: 'content of /me.pem', key: 'content of /me.pem', keyPassword: 'x' }
  const file = ['ssl.keystore.location=/me.pem', 'ssl.key.password=x']
  expect(await of('security.protocol=SSL', ...file)).toEqual({ tls })
  const texts = ['ssl.keystore.certificate.chain=C', 'ssl.keystore.key=K']
  expect(await of('security.protocol=SSL', ...texts)).toEqual({ tls: { certificate: 'C', key: 'K' } })
})

test('without a protocol there is nothing to sign in to', async () => {
  expect(await of('client.id=x')).toEqual({})
})

test.each([
  [['security.protocol=TLS'], 'security.protocol'],
  [['security.protocol=SASL_PLAINTEXT'], 'sasl.mechanism'],
  [['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=GSSAPI'], 'sasl.mechanism'],
  [['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=PLAIN'], 'sasl.jaas.config'],
  [['security.protocol=SSL', 'ssl.truststore.type=JKS'], 'ssl.truststore.type'],
])('what cannot be used is named: %j', async (lines, where) => {
  await expect(of(...lines)).rejects.toMatchObject({ code: 'BAD_OPTION', where })
})
